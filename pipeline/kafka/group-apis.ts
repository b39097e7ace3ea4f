/** The APIs of consumer groups (the classic protocol) and committed offsets. */

import { api } from './api.ts';
import {
  array,
  between,
  bool,
  bytes,
  from,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  optional,
  string,
  struct,
} from './wire-type.ts';

const errorOnly = struct({ throttleTimeMs: from(1, int32, 0), errorCode: int16 });
const coordinator = { nodeId: int32, host: string, port: int32 };

export const findCoordinator = api(10, 'FindCoordinator', [0, 6], 3, {
  request: struct({
    key: between(0, 3, string, ''),
    keyType: from(1, int8, 0),
    coordinatorKeys: from(4, array(string), []),
  }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    errorCode: between(0, 3, int16, 0),
    errorMessage: between(1, 3, nullableString, null),
    nodeId: between(0, 3, int32, -1),
    host: between(0, 3, string, ''),
    port: between(0, 3, int32, -1),
    coordinators: from(
      4,
      array(struct({ key: string, ...coordinator, errorCode: int16, errorMessage: optional(nullableString, null) })),
      [],
    ),
  }),
});

export const joinGroup = api(11, 'JoinGroup', [0, 9], 6, {
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: from(1, int32, -1),
    memberId: string,
    groupInstanceId: from(5, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
    reason: from(8, nullableString, null),
  }),
  response: struct({
    throttleTimeMs: from(2, int32, 0),
    errorCode: int16,
    generationId: optional(int32, -1),
    protocolType: from(7, nullableString, null),
    protocolName: optional(nullableString, ''),
    leader: optional(string, ''),
    skipAssignment: from(9, bool, false),
    memberId: optional(string, ''),
    members: optional(
      array(struct({ memberId: string, groupInstanceId: from(5, nullableString, null), metadata: bytes })),
      [],
    ),
  }),
});

const membership = {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: from(3, nullableString, null),
};

export const syncGroup = api(14, 'SyncGroup', [0, 5], 4, {
  request: struct({
    ...membership,
    protocolType: from(5, nullableString, null),
    protocolName: from(5, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    errorCode: int16,
    protocolType: from(5, nullableString, null),
    protocolName: from(5, nullableString, null),
    assignment: optional(bytes, Buffer.alloc(0)),
  }),
});

export const heartbeat = api(12, 'Heartbeat', [0, 4], 4, { request: struct(membership), response: errorOnly });

export const leaveGroup = api(13, 'LeaveGroup', [0, 5], 4, {
  request: struct({
    groupId: string,
    memberId: between(0, 2, string, ''),
    members: from(
      3,
      array(struct({ memberId: string, groupInstanceId: nullableString, reason: from(5, nullableString, null) })),
      [],
    ),
  }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    errorCode: int16,
    members: from(3, array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })), []),
  }),
});

const partitionErrors = array(
  struct({ topic: string, partitions: array(struct({ partition: int32, errorCode: int16 })) }),
);

export const offsetCommit = api(8, 'OffsetCommit', [2, 9], 8, {
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: from(7, nullableString, null),
    retentionTimeMs: between(2, 4, int64, -1),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            committedOffset: int64,
            committedLeaderEpoch: from(6, int32, -1),
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({ throttleTimeMs: from(3, int32, 0), topics: partitionErrors }),
});

const committedOffsets = array(
  struct({
    topic: string,
    partitions: array(
      struct({
        partition: int32,
        committedOffset: optional(int64, -1),
        committedLeaderEpoch: from(5, int32, -1),
        metadata: optional(nullableString, ''),
        errorCode: int16,
      }),
    ),
  }),
);
const wantedOffsets = nullableArray(struct({ topic: string, partitions: array(int32) }));

export const offsetFetch = api(9, 'OffsetFetch', [1, 9], 6, {
  request: struct({
    groupId: between(0, 7, string, ''),
    topics: between(0, 7, wantedOffsets, null),
    groups: from(
      8,
      array(
        struct({
          groupId: string,
          memberId: from(9, nullableString, null),
          memberEpoch: from(9, int32, -1),
          topics: wantedOffsets,
        }),
      ),
      [],
    ),
    requireStable: from(7, bool, false),
  }),
  response: struct({
    throttleTimeMs: from(3, int32, 0),
    topics: between(0, 7, committedOffsets, []),
    errorCode: between(2, 7, int16, 0),
    groups: from(8, array(struct({ groupId: string, topics: committedOffsets, errorCode: int16 })), []),
  }),
});

export const offsetDelete = api(47, 'OffsetDelete', [0, 0], Number.POSITIVE_INFINITY, {
  request: struct({
    groupId: string,
    topics: array(struct({ topic: string, partitions: array(struct({ partition: int32 })) })),
  }),
  response: struct({ errorCode: int16, throttleTimeMs: optional(int32, 0), topics: optional(partitionErrors, []) }),
});

export const describeGroups = api(15, 'DescribeGroups', [0, 5], 5, {
  request: struct({ groups: array(string), includeAuthorizedOperations: from(3, bool, false) }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    groups: array(
      struct({
        errorCode: int16,
        groupId: string,
        groupState: optional(string, ''),
        protocolType: optional(string, ''),
        protocolData: optional(string, ''),
        members: optional(
          array(
            struct({
              memberId: string,
              groupInstanceId: from(4, nullableString, null),
              clientId: string,
              clientHost: string,
              memberMetadata: bytes,
              memberAssignment: bytes,
            }),
          ),
          [],
        ),
        authorizedOperations: from(3, int32, -0x8000_0000),
      }),
    ),
  }),
});

export const listGroups = api(16, 'ListGroups', [0, 5], 3, {
  request: struct({ statesFilter: from(4, array(string), []), typesFilter: from(5, array(string), []) }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    errorCode: int16,
    groups: optional(
      array(
        struct({
          groupId: string,
          protocolType: string,
          groupState: from(4, string, ''),
          groupType: from(5, string, 'classic'),
        }),
      ),
      [],
    ),
  }),
});

export const deleteGroups = api(42, 'DeleteGroups', [0, 2], 2, {
  request: struct({ groups: array(string) }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    groups: array(struct({ groupId: string, errorCode: int16 })),
  }),
});
