/** @platformatic/kafka as the conformance suite sees it. */

import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  IncrementalAlterConfigOperationTypes,
  type Message,
  type MessagesStream,
  Producer,
} from '@platformatic/kafka';
import type { ReadRecord, TestClient, TestConsumer, TestRecord } from './test-client.ts';

type BufferMessage = Message<Buffer, Buffer, Buffer, Buffer>;
type BufferTransaction = Awaited<ReturnType<Producer['beginTransaction']>>;
/** What is behind a consumer of the suite. */
interface StartedConsumer {
  readonly consumer: Consumer;
  readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>;
  last: BufferMessage | undefined;
}

const gzipCodec = 'gzip';
const isolation = { readUncommitted: 0, readCommitted: 1 };

export async function platformaticClient(bootstrap: string): Promise<TestClient> {
  const base = { clientId: 'conformance', bootstrapBrokers: [bootstrap], retries: 10, retryDelay: 100 };
  const admin = new Admin(base);
  const reader = new Consumer({ ...base, groupId: 'conformance-offsets' });
  const producers = new Map<string, Producer>();
  const started = new Map<TestConsumer, StartedConsumer>();
  const producerFor = (id: string, options: object) => {
    const known = producers.get(id) ?? new Producer({ ...base, ...options });
    producers.set(id, known);
    return known;
  };
  const offsetFor = async (topic: string, partition: number, timestamp: number) => {
    const partitions = [{ partitionIndex: partition, timestamp: BigInt(timestamp) }];
    const [answer] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    return Number(answer?.partitions[0]?.offset);
  };
  return {
    createTopic: async (topic, partitions, config = {}) => {
      const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
    },
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    listTopics: () => admin.listTopics(),
    growTopic: (topic, count) => admin.createPartitions({ topics: [{ name: topic, count, assignments: null }] }),
    topicConfig: async (topic, name) => {
      const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] };
      const [answer] = await admin.describeConfigs({ resources: [resource] });
      return answer?.configs[0]?.value;
    },
    alterTopicConfig: (topic, name, value) => {
      const configs = [{ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }];
      const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }];
      return admin.incrementalAlterConfigs({ resources });
    },
    deleteRecords: async (topic, partition, offset) => {
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: BigInt(offset) }] }] });
    },
    watermarks: async (topic, partition) => [
      await offsetFor(topic, partition, -2),
      await offsetFor(topic, partition, -1),
    ],
    offsetAt: offsetFor,
    committedOffset: async (groupId, topic, partition) => {
      const groups = [{ groupId, topics: [{ name: topic, partitionIndexes: [partition] }] }];
      const [group] = await admin.listConsumerGroupOffsets({ groups });
      return Number(group?.topics[0]?.partitions[0]?.committedOffset);
    },
    groupState: async (group) => {
      const groups = await admin.describeGroups({ groups: [group] });
      const state = groups.get(group)?.state ?? '';
      // The library spells the states its own way.
      return state.charAt(0).toUpperCase() + state.slice(1).toLowerCase();
    },
    deleteGroup: (group) => admin.deleteGroups({ groups: [group] }),
    send: async (topic, records, { gzip = false, idempotent = false } = {}) => {
      const producer = producerFor(`plain ${idempotent}`, { idempotent });
      const messages = records.map((record) => toMessage(topic, record));
      await producer.send({ messages, acks: -1, ...(gzip ? { compression: gzipCodec } : {}) });
    },
    begin: async (transactionalId) => {
      const transaction = await producerFor(transactionalId, { transactionalId, idempotent: true }).beginTransaction();
      return {
        send: (topic, records) => sendIn(transaction, topic, records),
        sendOffsets: async (tested) => {
          const { consumer, last } = started.get(tested) ?? {};
          if (consumer === undefined || last === undefined) throw new Error('Nothing has been read');
          await transaction.addConsumer(consumer);
          await transaction.addOffset(last);
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
    consume: async (groupId, topic, { committedOnly = true, commits = true } = {}) => {
      const timing = { heartbeatInterval: 300, sessionTimeout: 10_000, rebalanceTimeout: 10_000, maxWaitTime: 100 };
      const isolationLevel = committedOnly ? isolation.readCommitted : isolation.readUncommitted;
      const consumer = new Consumer({ ...base, ...timing, groupId, isolationLevel });
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'committed',
        fallbackMode: 'earliest',
        autocommit: false,
      });
      const source: StartedConsumer = { consumer, stream, last: undefined };
      const tested = startConsumer(source, groupId, topic, commits);
      started.set(tested, source);
      return tested;
    },
    close: async () => {
      await Promise.all([...started.keys()].map((tested) => tested.leave()));
      await Promise.all([...producers.values(), reader, admin].map((client) => client.close()));
    },
  };
}

async function sendIn(transaction: BufferTransaction, topic: string, records: readonly TestRecord[]): Promise<void> {
  await transaction.send({ messages: records.map((record) => toMessage(topic, record)), acks: -1 });
}

function startConsumer(source: StartedConsumer, group: string, topic: string, commits: boolean): TestConsumer {
  const { consumer, stream } = source;
  const records: ReadRecord[] = [];
  let committing: Promise<void> | undefined;
  let left: Promise<void> | undefined;
  stream.on('data', (message: BufferMessage) => {
    records.push(fromMessage(message));
    source.last = message;
    if (commits) committing = Promise.resolve(message.commit()).catch(() => {});
  });
  const leave = async () => {
    await committing;
    await stream.close();
    await consumer.close();
  };
  return {
    group,
    topic,
    records,
    partitions: () => consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [],
    leave: () => {
      left ??= leave();
      return left;
    },
  };
}

function toMessage(topic: string, { key, value, headers = {}, timestamp, partition }: TestRecord) {
  const pairs = Object.entries(headers).map(([name, content]) => [Buffer.from(name), Buffer.from(content)] as const);
  return {
    topic,
    timestamp: BigInt(timestamp ?? Date.now()),
    headers: new Map(pairs),
    ...(typeof key === 'string' ? { key: Buffer.from(key) } : {}),
    ...(value === null ? {} : { value: Buffer.from(value) }),
    ...(partition === undefined ? {} : { partition }),
  };
}

function fromMessage(message: BufferMessage): ReadRecord {
  const headers = [...message.headers].map(([name, value]) => [name.toString(), value.toString()] as const);
  // The library types keys and values as always there; null records are not.
  const text = (bytes: Buffer | null | undefined) => bytes?.toString() ?? null;
  return {
    partition: message.partition,
    offset: Number(message.offset),
    key: text(message.key),
    value: text(message.value),
    headers: Object.fromEntries(headers),
    timestamp: Number(message.timestamp),
  };
}
