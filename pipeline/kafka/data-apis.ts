/** The APIs that move records and ask for their offsets. */

import { api } from './api.ts';
import {
  array,
  between,
  from,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  optional,
  string,
  struct,
  uuid,
  zeroUuid,
} from './wire-type.ts';

export const produce = api(0, 'Produce', [3, 11], 9, {
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, records: nullableBytes })) })),
  }),
  response: struct({
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            baseOffset: optional(int64, -1),
            logAppendTimeMs: optional(int64, -1),
            logStartOffset: from(5, int64, -1),
            recordErrors: from(8, array(struct({ batchIndex: int32, message: nullableString })), []),
            errorMessage: from(8, nullableString, null),
          }),
        ),
      }),
    ),
    throttleTimeMs: optional(int32, 0),
  }),
});

export const fetch = api(1, 'Fetch', [4, 17], 12, {
  request: struct({
    replicaId: between(0, 14, int32, -1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: from(7, int32, 0),
    sessionEpoch: from(7, int32, -1),
    topics: array(
      struct({
        topic: between(0, 12, string, ''),
        topicId: from(13, uuid, zeroUuid),
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: from(9, int32, -1),
            fetchOffset: int64,
            lastFetchedEpoch: from(12, int32, -1),
            logStartOffset: from(5, int64, -1),
            partitionMaxBytes: int32,
          }),
        ),
      }),
    ),
    forgotten: from(
      7,
      array(struct({ topic: between(0, 12, string, ''), topicId: from(13, uuid, zeroUuid), partitions: array(int32) })),
      [],
    ),
    rackId: from(11, string, ''),
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    errorCode: from(7, int16, 0),
    sessionId: from(7, int32, 0),
    topics: array(
      struct({
        topic: between(0, 12, string, ''),
        topicId: from(13, uuid, zeroUuid),
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            highWatermark: optional(int64, -1),
            lastStableOffset: optional(int64, -1),
            logStartOffset: from(5, int64, -1),
            abortedTransactions: optional(nullableArray(struct({ producerId: int64, firstOffset: int64 })), null),
            preferredReadReplica: from(11, int32, -1),
            records: optional(nullableBytes, null),
          }),
        ),
      }),
    ),
  }),
});

export const listOffsets = api(2, 'ListOffsets', [1, 9], 6, {
  request: struct({
    replicaId: int32,
    isolationLevel: from(2, int8, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ partition: int32, currentLeaderEpoch: from(4, int32, -1), timestamp: int64 })),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: from(2, int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            timestamp: optional(int64, -1),
            offset: optional(int64, -1),
            leaderEpoch: from(4, int32, -1),
          }),
        ),
      }),
    ),
  }),
});

export const deleteRecords = api(21, 'DeleteRecords', [0, 2], 2, {
  request: struct({
    topics: array(struct({ topic: string, partitions: array(struct({ partition: int32, offset: int64 })) })),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ partition: int32, lowWatermark: optional(int64, -1), errorCode: int16 })),
      }),
    ),
  }),
});

export const offsetForLeaderEpoch = api(23, 'OffsetForLeaderEpoch', [2, 4], 4, {
  request: struct({
    replicaId: from(3, int32, -2),
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 })),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            errorCode: int16,
            partition: int32,
            leaderEpoch: optional(int32, -1),
            endOffset: optional(int64, -1),
          }),
        ),
      }),
    ),
  }),
});
