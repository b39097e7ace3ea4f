/** The APIs of idempotent and transactional producers. */

import { api } from './api.ts';
import { array, bool, from, int16, int32, int64, nullableString, optional, string, struct } from './wire-type.ts';

const producer = { producerId: int64, producerEpoch: int16 };
const errorOnly = struct({ throttleTimeMs: optional(int32, 0), errorCode: int16 });

export const initProducerId = api(22, 'InitProducerId', [0, 5], 2, {
  request: struct({
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: from(3, int64, -1),
    producerEpoch: from(3, int16, -1),
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    producerId: optional(int64, -1),
    producerEpoch: optional(int16, -1),
  }),
});

const topicPartitions = array(struct({ topic: string, partitions: array(int32) }));
const partitionErrors = array(
  struct({ topic: string, partitions: array(struct({ partition: int32, errorCode: int16 })) }),
);

// Versions 4 and 5 batch the transactions of several producers; only brokers send them, clients stop at 3.
export const addPartitionsToTxn = api(24, 'AddPartitionsToTxn', [0, 3], 3, {
  request: struct({ transactionalId: string, ...producer, topics: topicPartitions }),
  response: struct({ throttleTimeMs: optional(int32, 0), topics: partitionErrors }),
});

export const addOffsetsToTxn = api(25, 'AddOffsetsToTxn', [0, 4], 3, {
  request: struct({ transactionalId: string, ...producer, groupId: string }),
  response: errorOnly,
});

export const endTxn = api(26, 'EndTxn', [0, 4], 3, {
  request: struct({ transactionalId: string, ...producer, committed: bool }),
  response: errorOnly,
});

export const txnOffsetCommit = api(28, 'TxnOffsetCommit', [0, 4], 3, {
  request: struct({
    transactionalId: string,
    groupId: string,
    ...producer,
    generationId: from(3, int32, -1),
    memberId: from(3, string, ''),
    groupInstanceId: from(3, nullableString, null),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            committedOffset: int64,
            committedLeaderEpoch: from(2, int32, -1),
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({ throttleTimeMs: optional(int32, 0), topics: partitionErrors }),
});

export const describeProducers = api(61, 'DescribeProducers', [0, 0], 0, {
  request: struct({ topics: topicPartitions }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            errorMessage: optional(nullableString, null),
            activeProducers: optional(
              array(
                struct({
                  producerId: int64,
                  producerEpoch: int32,
                  lastSequence: int32,
                  lastTimestamp: int64,
                  coordinatorEpoch: int32,
                  currentTxnStartOffset: int64,
                }),
              ),
              [],
            ),
          }),
        ),
      }),
    ),
  }),
});

export const describeTransactions = api(65, 'DescribeTransactions', [0, 0], 0, {
  request: struct({ transactionalIds: array(string) }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    transactions: array(
      struct({
        errorCode: int16,
        transactionalId: string,
        state: optional(string, ''),
        timeoutMs: optional(int32, 0),
        startTimeMs: optional(int64, -1),
        producerId: optional(int64, -1),
        producerEpoch: optional(int16, -1),
        topics: optional(topicPartitions, []),
      }),
    ),
  }),
});

export const listTransactions = api(66, 'ListTransactions', [0, 2], 0, {
  request: struct({
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: from(1, int64, -1),
    transactionalIdPattern: from(2, nullableString, null),
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    unknownStateFilters: optional(array(string), []),
    transactions: optional(array(struct({ transactionalId: string, producerId: int64, state: string })), []),
  }),
});
