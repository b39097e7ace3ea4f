/** kafkajs as the conformance suite sees it. */

import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Consumer, type KafkaMessage, type Producer } from 'kafkajs';
import type { ReadRecord, TestClient, TestConsumer, TestRecord } from './test-client.ts';

const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs;

export async function kafkajsClient(bootstrap: string): Promise<TestClient> {
  const kafka = new Kafka({ clientId: 'conformance', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const producers = new Map<string, Promise<Producer>>();
  const open = new Set<Consumer>();
  const producerFor = (id: string, make: () => Producer) => {
    const known = producers.get(id) ?? connected(make());
    producers.set(id, known);
    return known;
  };
  return {
    createTopic: async (topic, partitions, config = {}) => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      const wanted = { topic, numPartitions: partitions, configEntries };
      await admin.createTopics({ topics: [wanted], waitForLeaders: false });
      // Brokers of Apache Kafka hear of a new topic a moment later, which kafkajs's own wait takes for a failure.
      while ((await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => undefined)) === undefined)
        await sleep(50);
    },
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    listTopics: () => admin.listTopics(),
    growTopic: async (topic, count) => {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    },
    topicConfig: async (topic, name) => {
      const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] };
      const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
      return resources[0]?.configEntries[0]?.configValue;
    },
    alterTopicConfig: async (topic, name, value) => {
      const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] };
      await admin.alterConfigs({ resources: [resource], validateOnly: false });
    },
    deleteRecords: async (topic, partition, offset) => {
      // deleteTopicRecords wants the leader, and only this call makes kafkajs ask for it.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    },
    watermarks: async (topic, partition) => {
      const known = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition);
      return [Number(known?.low), Number(known?.high)];
    },
    offsetAt: async (topic, partition, timestamp) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
      return Number(offsets.find((one) => one.partition === partition)?.offset);
    },
    committedOffset: async (groupId, topic, partition) => {
      const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return Number(offsets?.partitions.find((one) => one.partition === partition)?.offset);
    },
    groupState: async (group) => (await admin.describeGroups([group])).groups[0]?.state ?? '',
    deleteGroup: async (group) => {
      await admin.deleteGroups([group]);
    },
    send: async (topic, records, { gzip = false, idempotent = false } = {}) => {
      const producer = await producerFor(`plain ${idempotent}`, () => kafka.producer({ idempotent }));
      const compression = gzip ? CompressionTypes.GZIP : CompressionTypes.None;
      await producer.send({ topic, messages: records.map(toMessage), compression });
    },
    begin: async (transactionalId) => {
      const make = () => kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
      const transaction = await (await producerFor(transactionalId, make)).transaction();
      return {
        send: async (topic, records) => {
          await transaction.send({ topic, messages: records.map(toMessage) });
        },
        sendOffsets: ({ group, topic, records }) => {
          const last = records.at(-1);
          const partitions = [{ partition: last?.partition ?? 0, offset: String((last?.offset ?? -1) + 1) }];
          return transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions }] });
        },
        commit: () => transaction.commit(),
        abort: () => transaction.abort(),
      };
    },
    consume: async (groupId, topic, { committedOnly = true, commits = true } = {}) => {
      const settings = { groupId, readUncommitted: !committedOnly, maxWaitTimeInMs: 100 };
      const timing = { heartbeatInterval: 300, sessionTimeout: 10_000, rebalanceTimeout: 10_000 };
      const consumer = kafka.consumer({ ...settings, ...timing });
      open.add(consumer);
      return startConsumer(consumer, groupId, topic, commits);
    },
    close: async () => {
      await Promise.all([...open].map((consumer) => consumer.disconnect()));
      for (const producer of producers.values()) await (await producer).disconnect();
      await admin.disconnect();
    },
  };
}

async function connected(producer: Producer): Promise<Producer> {
  await producer.connect();
  return producer;
}

async function startConsumer(
  consumer: Consumer,
  group: string,
  topic: string,
  commits: boolean,
): Promise<TestConsumer> {
  const records: ReadRecord[] = [];
  let assigned: readonly number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assigned = payload.memberAssignment[topic] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: commits,
    eachMessage: async ({ partition, message }) => {
      records.push(fromMessage(partition, message));
    },
  });
  return { group, topic, records, partitions: () => assigned, leave: () => consumer.disconnect() };
}

function toMessage({ key = null, value, headers, timestamp, partition }: TestRecord) {
  return {
    key,
    value,
    timestamp: String(timestamp ?? Date.now()),
    ...(headers === undefined ? {} : { headers }),
    ...(partition === undefined ? {} : { partition }),
  };
}

function fromMessage(partition: number, message: KafkaMessage): ReadRecord {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
  return {
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value?.toString() ?? null,
    headers: Object.fromEntries(headers),
    timestamp: Number(message.timestamp),
  };
}
