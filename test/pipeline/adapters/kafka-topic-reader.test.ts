/** On the embedded broker, or the one that HEADRACE_TEST_KAFKA names. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { kafkaTopicReader } from '../../../pipeline/adapters/kafka-topic-reader.ts';
import { kafkajsClient } from '../../local/kafka/clients/kafkajs-client.ts';
import type { TestClient } from '../../local/kafka/clients/test-client.ts';
import { startTestBroker, type TestBroker, uniqueName } from '../../local/kafka/test-broker.ts';
import { type Codec, type TopicUnderTest, topicReaderSuite, type WrittenRecord } from '../ports/topic-reader-suite.ts';

let broker: TestBroker;
let client: TestClient;
/** Knows the codecs that kafkajs lacks. */
let producer: Producer<string, string, string, string>;
const readers: Array<{ close(): Promise<void> }> = [];

beforeAll(async () => {
  broker = await startTestBroker();
  client = await kafkajsClient(broker.bootstrap);
  const base = { clientId: 'reader', bootstrapBrokers: [broker.bootstrap] };
  producer = new Producer({ ...base, serializers: stringSerializers });
});
afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.close())));
afterAll(async () => {
  await Promise.all([client.close(), producer.close()]);
  await broker.stop();
});

const placed = (records: readonly WrittenRecord[]) => records.map((record) => ({ partition: 0, ...record }));

async function create(config: Readonly<Record<string, string>> = {}): Promise<TopicUnderTest> {
  const topic = uniqueName('reader');
  await client.createTopic(topic, 2, config);
  const reader = kafkaTopicReader({ brokers: broker.bootstrap, clientProperties: '' });
  readers.push(reader);
  return {
    reader,
    topic,
    write: (records, codec = 'none') =>
      codec === 'none' || codec === 'gzip'
        ? client.send(topic, placed(records), { gzip: codec === 'gzip' })
        : writeCompressed(topic, records, codec),
    transaction: async (records) => {
      const transaction = await client.begin(uniqueName('transaction'));
      await transaction.send(topic, placed(records));
      const high = async () => (await reader.offsets(topic))[0]?.high;
      const settled = async (end: () => Promise<void>) => {
        const before = await high();
        await end();
        // A real coordinator answers before it has written the markers.
        while ((await high()) === before);
      };
      return { commit: () => settled(transaction.commit), abort: () => settled(transaction.abort) };
    },
    deleteBefore: (partition, offset) => client.deleteRecords(topic, partition, offset),
  };
}

async function writeCompressed(topic: string, records: readonly WrittenRecord[], compression: Codec): Promise<void> {
  const messages = records.map(({ value, partition = 0 }) => ({ topic, partition, value: value ?? '' }));
  await producer.send({ messages, compression });
}

topicReaderSuite('kafkaTopicReader', create);

test('kafkaTopicReader: a topic that does not exist is an error that names it', async () => {
  const reader = kafkaTopicReader({ brokers: broker.bootstrap, clientProperties: '' }, 300);
  readers.push(reader);
  const message = 'Cannot read the topic "no_such_topic" for 0.3 seconds: Kafka knows no such topic';
  await expect(reader.offsets('no_such_topic')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
    message,
  });
});

test('kafkaTopicReader: offsets are of the partitions that there are by now', async () => {
  const { topic, reader } = await create();
  expect(await reader.offsets(topic)).toHaveLength(2);
  await client.growTopic(topic, 3);
  let offsets = await reader.offsets(topic);
  // Brokers hear of a new partition a moment later.
  for (let tries = 0; tries < 100 && offsets.length < 3; tries++) {
    await sleep(50);
    offsets = await reader.offsets(topic);
  }
  expect(offsets.map(({ partition }) => partition)).toEqual([0, 1, 2]);
});

test('kafkaTopicReader: a range beyond the end is an error, not an empty range', async () => {
  const { topic, write } = await create();
  await write([{ value: 'only' }]);
  const reader = kafkaTopicReader({ brokers: broker.bootstrap, clientProperties: '' }, 1_500);
  readers.push(reader);
  const read = async (first: number, next: number) => {
    for await (const _ of reader.read(topic, { partition: 0, first, next })) {
      // Nothing to do with what there is.
    }
  };
  await expect(read(0, 2)).rejects.toThrow('Kafka gave no record from offset 1 of partition 0 on');
  await expect(read(5, 6)).rejects.toThrow('Kafka answered offsetOutOfRange');
});
