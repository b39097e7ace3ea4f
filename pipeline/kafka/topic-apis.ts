/** The APIs that describe and change topics, their configuration and the cluster. */

import { api } from './api.ts';
import {
  array,
  between,
  bool,
  from,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  optional,
  string,
  struct,
  tagged,
  uuid,
  zeroUuid,
} from './wire-type.ts';

const broker = { host: string, port: int32 };
/** "Not asked for" in a bit field of authorized operations. */
const noOperations = -0x8000_0000;

export const metadata = api(3, 'Metadata', [0, 12], 9, {
  request: struct({
    topics: nullableArray(struct({ topicId: from(10, uuid, zeroUuid), topic: nullableString })),
    allowAutoTopicCreation: from(4, bool, true),
    includeClusterAuthorizedOperations: between(8, 10, bool, false),
    includeTopicAuthorizedOperations: from(8, bool, false),
  }),
  response: struct({
    throttleTimeMs: from(3, int32, 0),
    brokers: optional(array(struct({ nodeId: int32, ...broker, rack: from(1, nullableString, null) })), []),
    clusterId: from(2, nullableString, null),
    controllerId: from(1, int32, -1),
    topics: array(
      struct({
        errorCode: int16,
        topic: nullableString,
        topicId: from(10, uuid, zeroUuid),
        isInternal: from(1, bool, false),
        partitions: optional(
          array(
            struct({
              errorCode: int16,
              partition: int32,
              leaderId: int32,
              leaderEpoch: from(7, int32, -1),
              replicaNodes: array(int32),
              isrNodes: array(int32),
              offlineReplicas: from(5, array(int32), []),
            }),
          ),
          [],
        ),
        authorizedOperations: from(8, int32, noOperations),
      }),
    ),
    clusterAuthorizedOperations: between(8, 10, int32, noOperations),
  }),
});

export const createTopics = api(19, 'CreateTopics', [0, 7], 5, {
  request: struct({
    topics: array(
      struct({
        topic: string,
        partitionCount: int32,
        replicationFactor: int16,
        assignments: array(struct({ partition: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: from(1, bool, false),
  }),
  response: struct({
    throttleTimeMs: from(2, int32, 0),
    topics: array(
      struct({
        topic: string,
        topicId: from(7, uuid, zeroUuid),
        errorCode: int16,
        errorMessage: from(1, nullableString, null),
        topicConfigErrorCode: tagged(0, 5, int16, 0),
        partitionCount: from(5, int32, -1),
        replicationFactor: from(5, int16, -1),
        configs: from(
          5,
          nullableArray(
            struct({ name: string, value: nullableString, readOnly: bool, configSource: int8, isSensitive: bool }),
          ),
          [],
        ),
      }),
    ),
  }),
});

export const deleteTopics = api(20, 'DeleteTopics', [0, 6], 4, {
  request: struct({
    topics: from(6, array(struct({ topic: nullableString, topicId: uuid })), []),
    topicNames: between(0, 5, array(string), []),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: from(1, int32, 0),
    topics: array(
      struct({
        topic: nullableString,
        topicId: from(6, uuid, zeroUuid),
        errorCode: int16,
        errorMessage: from(5, nullableString, null),
      }),
    ),
  }),
});

export const createPartitions = api(37, 'CreatePartitions', [0, 3], 2, {
  request: struct({
    topics: array(
      struct({ topic: string, count: int32, assignments: nullableArray(struct({ brokerIds: array(int32) })) }),
    ),
    timeoutMs: int32,
    validateOnly: bool,
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    topics: array(struct({ topic: string, errorCode: int16, errorMessage: optional(nullableString, null) })),
  }),
});

const resource = { resourceType: int8, resourceName: string };
const resourceResult = { errorCode: int16, errorMessage: optional(nullableString, null), ...resource };

export const describeConfigs = api(32, 'DescribeConfigs', [1, 4], 4, {
  request: struct({
    resources: array(struct({ ...resource, configurationKeys: nullableArray(string) })),
    includeSynonyms: bool,
    includeDocumentation: from(3, bool, false),
  }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    resources: array(
      struct({
        ...resourceResult,
        configs: optional(
          array(
            struct({
              name: string,
              value: nullableString,
              readOnly: bool,
              configSource: int8,
              isSensitive: bool,
              synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
              configType: from(3, int8, 0),
              documentation: from(3, nullableString, null),
            }),
          ),
          [],
        ),
      }),
    ),
  }),
});

const resourceResults = struct({
  throttleTimeMs: optional(int32, 0),
  resources: array(struct(resourceResult)),
});

export const alterConfigs = api(33, 'AlterConfigs', [0, 2], 2, {
  request: struct({
    resources: array(struct({ ...resource, configs: array(struct({ name: string, value: nullableString })) })),
    validateOnly: bool,
  }),
  response: resourceResults,
});

export const incrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', [0, 1], 1, {
  request: struct({
    resources: array(
      struct({ ...resource, configs: array(struct({ name: string, operation: int8, value: nullableString })) }),
    ),
    validateOnly: bool,
  }),
  response: resourceResults,
});

export const describeCluster = api(60, 'DescribeCluster', [0, 1], 0, {
  request: struct({ includeClusterAuthorizedOperations: bool, endpointType: from(1, int8, 1) }),
  response: struct({
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    endpointType: from(1, int8, 1),
    clusterId: optional(string, ''),
    controllerId: optional(int32, -1),
    brokers: optional(array(struct({ brokerId: int32, ...broker, rack: optional(nullableString, null) })), []),
    clusterAuthorizedOperations: optional(int32, noOperations),
  }),
});
