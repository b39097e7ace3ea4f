import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { kafkaConfig } from '../../../pipeline/adapters/kafka-connection.ts';
import { kafkaTopicReader } from '../../../pipeline/adapters/kafka-topic-reader.ts';
import { kafkajsProducer } from '../../../pipeline/adapters/kafkajs-producer.ts';
import { eventProducerSuite, outgoing, type ProducerUnderTest, produceOffsets } from '../ports/event-producer-suite.ts';
import { memoryProducer } from '../ports/memory-producer.ts';

let dir: string;
let broker: KafkaBroker;
let topics = 0;
const open: Array<{ disconnect(): Promise<void> }> = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'headrace-producer-'));
  broker = await startKafkaBroker({ dir });
});
afterEach(async () => {
  broker.faults.clear();
  await Promise.all(open.splice(0).map((client) => client.disconnect()));
});
afterAll(async () => {
  await broker.stop();
  await rm(dir, { recursive: true });
});

const plaintext = (brokers: string) => kafkaConfig({ brokers, clientProperties: '' });

const client = (): Kafka =>
  new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 5 } });

/** A producer on a new topic of the embedded broker. */
async function create(): Promise<ProducerUnderTest> {
  topics++;
  const topic = `topic_${topics}`;
  const admin = client().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
  await admin.disconnect();
  const producer = kafkajsProducer(plaintext(broker.bootstrap));
  open.push(producer);
  return { producer, topic, values: (partition) => readValues(topic, partition) };
}

async function readValues(topic: string, partition: number): Promise<string[]> {
  const reader = kafkaTopicReader({ brokers: broker.bootstrap, clientProperties: '' });
  try {
    const known = (await reader.offsets(topic)).find((one) => one.partition === partition);
    const values: string[] = [];
    for await (const batch of reader.read(topic, { partition, first: 0, next: known?.high ?? 0 })) {
      values.push(...batch.map(({ value }) => Buffer.from(value ?? []).toString()));
    }
    return values;
  } finally {
    await reader.close();
  }
}

eventProducerSuite('memoryProducer', async () => {
  const producer = memoryProducer();
  producer.broken.add('no_such_topic/0');
  const values = async (partition: number) =>
    (producer.logs.get(`orders/${partition}`) ?? []).map(({ value }) => Buffer.from(value).toString());
  return { producer, topic: 'orders', values };
});
eventProducerSuite('kafkajsProducer', create);

test('kafkajsProducer: a batch whose answer was lost is stored once, and its records get their offsets', async () => {
  const { producer, topic, values } = await create();
  broker.faults.add({ api: 'Produce', topic, times: 1, effect: { kind: 'drop', when: 'after' } });
  expect(await produceOffsets(producer, [outgoing(topic, 0, 'a'), outgoing(topic, 0, 'b')])).toEqual([0, 1]);
  expect(await produceOffsets(producer, [outgoing(topic, 0, 'c')])).toEqual([2]);
  expect(await values(0)).toEqual(['a', 'b', 'c']);
});

test('kafkajsProducer: records sent after a failed send are stored, not taken for its repetition', async () => {
  const { producer, topic, values } = await create();
  expect(await produceOffsets(producer, [outgoing(topic, 0, 'before')])).toEqual([0]);
  // Stored, and then answered with an error that is final: nobody knows that it was stored.
  const effect = { kind: 'fail', error: 'invalidRequest', when: 'after' } as const;
  broker.faults.add({ api: 'Produce', topic, times: 1, effect });
  expect(await produceOffsets(producer, [outgoing(topic, 0, 'unknown')])).toEqual(['error']);
  expect(await produceOffsets(producer, [outgoing(topic, 0, 'after')])).toEqual([2]);
  expect(await values(0)).toEqual(['before', 'unknown', 'after']);
});

test('kafkajsProducer: after a failed batch the rest of its partition is not sent, and other topics are', async () => {
  const { producer, topic, values } = await create();
  const other = await create();
  const large = (name: string) => name.padEnd(600_000, '.');
  broker.faults.add({ api: 'Produce', topic, times: 1, effect: { kind: 'fail', error: 'messageTooLarge' } });
  const records = [outgoing(topic, 0, large('a')), outgoing(topic, 0, large('b')), outgoing(other.topic, 0, 'c')];
  expect(await produceOffsets(producer, records)).toEqual(['error', 'error', 0]);
  expect(await values(0)).toEqual([]);
  expect(await other.values(0)).toEqual(['c']);
});

test('kafkajsProducer: goes on when the broker was restarted on its port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headrace-producer-'));
  let second = await startKafkaBroker({ dir: folder, autoCreateTopics: true });
  const producer = kafkajsProducer(plaintext(second.bootstrap));
  open.push(producer);
  const admin = new Kafka({ brokers: [second.bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'restarted', numPartitions: 1 }] });
  await admin.disconnect();
  expect(await produceOffsets(producer, [outgoing('restarted', 0, 'a')])).toEqual([0]);
  await second.stop();
  second = await startKafkaBroker({ dir: folder, port: second.port });
  expect(await produceOffsets(producer, [outgoing('restarted', 0, 'b')])).toEqual([1]);
  await producer.disconnect();
  await second.stop();
  await rm(folder, { recursive: true });
});

test('kafkajsProducer: every record is an error when nobody listens', async () => {
  const producer = kafkajsProducer(plaintext('127.0.0.1:1'));
  open.push(producer);
  expect(await produceOffsets(producer, [outgoing('topic', 0, 'a'), outgoing('topic', 1, 'b')])).toEqual([
    'error',
    'error',
  ]);
});

test('kafkajsProducer: gives up at its deadline, with offsets for what was stored until then', async () => {
  const { topic, values } = await create();
  const other = await create();
  const connection = plaintext(broker.bootstrap);
  const producer = kafkajsProducer(connection, 1_000);
  open.push(producer);
  broker.faults.add({ api: 'Produce', topic, effect: { kind: 'delay', delayMs: 1_500 } });
  const slow = (name: string) => outgoing(topic, 0, name.padEnd(600_000, '.'));
  const error = new Error('Kafka did not answer within 1000 ms');
  const results = await producer.produce([outgoing(other.topic, 0, 'a'), slow('b'), slow('c')]);
  expect(results).toEqual([{ offset: 0 }, { error }, { error }]);
  // What was under way is stored late, and what had not begun is not sent.
  for (let tries = 0; tries < 50 && (await values(0)).length === 0; tries++) {
    await sleep(100);
  }
  expect((await values(0)).map((value) => value[0])).toEqual(['b']);
});
