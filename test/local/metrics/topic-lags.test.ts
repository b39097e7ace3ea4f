import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { topicLags } from '../../../local/metrics/topic-lags.ts';
import type { KafkaConnection } from '../../../pipeline/adapters/kafka-connection.ts';

const dir = mkdtempSync(join(tmpdir(), 'headrace-lags-'));
let broker: KafkaBroker;
let connection: KafkaConnection;

beforeAll(async () => {
  broker = await startKafkaBroker({ dir });
  connection = { brokers: broker.bootstrap, clientProperties: '' };
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: ['a', 'b'].map((topic) => ({ topic, numPartitions: 2 })) });
  const messages = [0, 0, 0, 1, 1].map((partition) => ({ partition, value: 'x' }));
  await producer.sendBatch({ topicMessages: ['a', 'b'].map((topic) => ({ topic, messages })) });
  await admin.setOffsets({ groupId: 'g', topic: 'a', partitions: [{ partition: 0, offset: '1' }] });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});
afterAll(async () => {
  await broker.stop();
  rmSync(dir, { recursive: true });
});

test('topicLags: what the group has committed is read, the rest waits', async () => {
  const consumers = [
    { topic: 'a', groupId: 'g', fromBeginning: true },
    { topic: 'b', groupId: 'g', fromBeginning: true },
  ];
  expect(await topicLags(connection, consumers)).toEqual([
    { topic: 'a', records: 4 },
    { topic: 'b', records: 5 },
  ]);
});

test('topicLags: of a group that begins at the end nothing waits where it has committed nothing', async () => {
  expect(await topicLags(connection, [{ topic: 'a', groupId: 'g', fromBeginning: false }])).toEqual([
    { topic: 'a', records: 2 },
  ]);
});

test('topicLags: a topic that does not exist is left out, and the others are told', async () => {
  const consumers = ['no_such_topic', 'b'].map((topic) => ({ topic, groupId: 'g', fromBeginning: true }));
  expect(await topicLags(connection, consumers)).toEqual([{ topic: 'b', records: 5 }]);
});

test('topicLags: nothing is known of a Kafka that does not answer', async () => {
  const nowhere = { brokers: '127.0.0.1:1', clientProperties: '' };
  expect(await topicLags(nowhere, [{ topic: 'a', groupId: 'g', fromBeginning: true }])).toEqual([]);
});
