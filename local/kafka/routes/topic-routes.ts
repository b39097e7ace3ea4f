/** Metadata, CreateTopics, DeleteTopics, CreatePartitions and DescribeCluster. */

import type { RequestOf } from '../../../pipeline/kafka/api.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeCluster,
  metadata,
} from '../../../pipeline/kafka/topic-apis.ts';
import { zeroUuid } from '../../../pipeline/kafka/wire-type.ts';
import { checkName, type Topic } from '../topics.ts';
import { describedConfigs } from './config-routes.ts';
import { attempt, type BrokerState, type Route, route } from './route.ts';

/** One broker holds the only replica. */
const replicationFactor = 1;
type NewTopic = RequestOf<typeof createTopics>['topics'][number];

export function topicRoutes(state: BrokerState): readonly Route[] {
  const { nodeId, host, port } = state.node;
  const { clusterId } = state;
  return [
    route(metadata, (request, { version }) => ({
      brokers: [{ nodeId, host, port }],
      clusterId,
      controllerId: nodeId,
      topics: wantedTopics(state, request, version).map((wanted) => describeTopic(state, wanted, request)),
    })),
    route(describeCluster, () => ({
      errorCode: errorCode.none,
      clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, host, port }],
    })),
    route(createTopics, ({ topics, validateOnly }) => ({
      topics: topics.map((wanted) => {
        const { value, ...error } = attempt(() => create(state, wanted, validateOnly));
        return { topic: wanted.topic, ...error, ...value };
      }),
    })),
    route(deleteTopics, ({ topics, topicNames }) => ({
      topics: [...topics, ...topicNames.map((topic) => ({ topic, topicId: zeroUuid }))].map((wanted) => {
        const { value, ...error } = attempt(() => remove(state, wanted));
        return { ...wanted, ...error, ...value };
      }),
    })),
    route(createPartitions, ({ topics, validateOnly }) => ({
      topics: topics.map((wanted) => {
        const { value: _, ...error } = attempt(() => grow(state, wanted, validateOnly));
        return { topic: wanted.topic, ...error };
      }),
    })),
  ];
}

function wantedTopics(state: BrokerState, { topics }: RequestOf<typeof metadata>, version: number) {
  // Version 0 has no null: there, an empty list asks for all topics.
  const isAll = topics === null || (version === 0 && topics.length === 0);
  return isAll ? state.topics.refs() : topics;
}

function describeTopic(
  state: BrokerState,
  { topic, topicId }: { readonly topic: string | null; readonly topicId: string },
  { allowAutoTopicCreation }: RequestOf<typeof metadata>,
) {
  const { nodeId } = state.node;
  const { value, errorCode: code } = attempt(() => findOrCreate(state, topic, topicId, allowAutoTopicCreation));
  if (value === undefined) return { errorCode: code, topic, topicId };
  return {
    errorCode: errorCode.none,
    topic: value.name,
    topicId: value.id,
    partitions: value.logs.map((_, partition) => ({
      errorCode: errorCode.none,
      partition,
      leaderId: nodeId,
      leaderEpoch: 0,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
    })),
  };
}

function findOrCreate(state: BrokerState, name: string | null, id: string, mayCreate: boolean): Topic {
  const known = find(state, name, id);
  if (known !== undefined) return known;
  if (name !== null) checkName(name);
  if (name !== null && mayCreate && state.autoCreateTopics)
    return state.topics.create(name, state.defaultPartitions, {});
  throw unknownTopic(name);
}

function find(state: BrokerState, name: string | null, id: string): Topic | undefined {
  return name === null ? state.topics.findById(id) : state.topics.find(name);
}

function unknownTopic(name: string | null): KafkaError {
  return new KafkaError(
    name === null ? 'unknownTopicId' : 'unknownTopicOrPartition',
    'This server does not host this topic-partition.',
  );
}

function create(state: BrokerState, wanted: NewTopic, validateOnly: boolean) {
  const { topic, assignments, configs } = wanted;
  const hasAssignments = assignments.length > 0;
  if (hasAssignments && (wanted.partitionCount !== -1 || wanted.replicationFactor !== -1)) {
    throw new KafkaError('invalidRequest', 'Both partitions and assignments were set: give one of them.');
  }
  checkAssignments(state, assignments);
  const partitions = hasAssignments ? assignments.length : wanted.partitionCount;
  const partitionCount = partitions === -1 ? state.defaultPartitions : partitions;
  if (wanted.replicationFactor !== -1 && wanted.replicationFactor !== replicationFactor) {
    throw new KafkaError(
      'invalidReplicationFactor',
      `Unable to replicate the partition ${wanted.replicationFactor} time(s): there is one broker.`,
    );
  }
  const given = configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]));
  const config = Object.fromEntries(given);
  if (validateOnly) state.topics.checkNew(topic, partitionCount, config);
  const topicId = validateOnly ? zeroUuid : state.topics.create(topic, partitionCount, config).id;
  return { topicId, partitionCount, replicationFactor, configs: describedConfigs(config) };
}

function checkAssignments(state: BrokerState, assignments: NewTopic['assignments']): void {
  const numbers = assignments.map(({ partition }) => partition).toSorted((a, b) => a - b);
  const isWhole = numbers.every((partition, at) => partition === at);
  const isHere = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === state.node.nodeId);
  if (isWhole && isHere) return;
  throw new KafkaError(
    'invalidReplicaAssignment',
    'Cannot assign replicas: each partition from 0 on has this broker alone',
  );
}

function remove(state: BrokerState, { topic, topicId }: { readonly topic: string | null; readonly topicId: string }) {
  const known = find(state, topic, topicId);
  if (known === undefined) throw unknownTopic(topic);
  state.topics.delete(known);
  state.groups.offsets.deleteTopic(known.name);
  return { topic: known.name, topicId: known.id };
}

function grow(
  state: BrokerState,
  { topic: name, count, assignments }: RequestOf<typeof createPartitions>['topics'][number],
  validateOnly: boolean,
): void {
  const topic = state.topics.find(name);
  if (topic === undefined) throw unknownTopic(name);
  const present = topic.logs.length;
  if (count <= present) {
    throw new KafkaError(
      'invalidPartitions',
      `The topic ${name} currently has ${present} partition(s); ${count} would not be an increase.`,
    );
  }
  if (assignments !== null && assignments.length !== count - present) {
    throw new KafkaError('invalidReplicaAssignment', `Cannot add ${count - present} partitions with other assignments`);
  }
  if (!validateOnly) state.topics.grow(topic, count);
}
