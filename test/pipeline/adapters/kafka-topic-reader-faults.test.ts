/** What brokers do to a reader that no healthy one does. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { kafkaTopicReader } from '../../../pipeline/adapters/kafka-topic-reader.ts';
import type { ErrorName } from '../../../pipeline/kafka/error-code.ts';
import type { TopicReader } from '../../../pipeline/ports.ts';
import { kafkajsClient } from '../../local/kafka/clients/kafkajs-client.ts';

const TOPIC = 'faults';
const RECORDS = 4;
let dir: string;
let broker: KafkaBroker;
let reader: TopicReader;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'headrace-reader-'));
  broker = await startKafkaBroker({ dir });
  const client = await kafkajsClient(broker.bootstrap);
  await client.createTopic(TOPIC, 1);
  for (let at = 0; at < RECORDS; at++) await client.send(TOPIC, [{ value: 'x'.repeat(900_000) }]);
  await client.close();
});
beforeEach(() => {
  reader = kafkaTopicReader({ brokers: broker.bootstrap, clientProperties: '' });
});
afterEach(async () => {
  broker.faults.clear();
  await reader.close();
});
afterAll(async () => {
  await broker.stop();
  await rm(dir, { recursive: true });
});

async function offsetsRead(from: TopicReader = reader): Promise<readonly number[]> {
  const offsets: number[] = [];
  for await (const batch of from.read(TOPIC, { partition: 0, first: 0, next: RECORDS })) {
    offsets.push(...batch.map(({ offset }) => offset));
  }
  return offsets;
}

test.each<[api: string, error: ErrorName]>([
  ['Fetch', 'notLeaderOrFollower'],
  ['Fetch', 'unknownTopicOrPartition'],
  ['ListOffsets', 'leaderNotAvailable'],
  ['Metadata', 'unknownTopicOrPartition'],
])('kafkaTopicReader: asks again when %s is answered with %s', async (api, error) => {
  broker.faults.add({ api, topic: TOPIC, times: 2, effect: { kind: 'fail', error } });
  expect(await reader.offsets(TOPIC)).toEqual([{ partition: 0, low: 0, high: RECORDS }]);
  expect(await offsetsRead()).toEqual([0, 1, 2, 3]);
});

test.each(['before', 'after'] as const)(
  'kafkaTopicReader: connects again when a connection breaks %s a fetch',
  async (when) => {
    broker.faults.add({ api: 'Fetch', topic: TOPIC, times: 1, effect: { kind: 'drop', when } });
    const offsets: number[] = [];
    for await (const batch of reader.read(TOPIC, { partition: 0, first: 0, next: RECORDS })) {
      offsets.push(...batch.map(({ offset }) => offset));
      if (offsets.length === 2) broker.faults.add({ api: 'Fetch', times: 1, effect: { kind: 'drop', when } });
    }
    expect(offsets).toEqual([0, 1, 2, 3]);
  },
);

test('kafkaTopicReader: goes on after the broker was restarted on its port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headrace-reader-'));
  let second = await startKafkaBroker({ dir: folder, autoCreateTopics: true });
  const client = await kafkajsClient(second.bootstrap);
  await client.createTopic(TOPIC, 1);
  await client.close();
  const own = kafkaTopicReader({ brokers: second.bootstrap, clientProperties: '' });
  expect(await own.offsets(TOPIC)).toHaveLength(1);
  await second.stop();
  second = await startKafkaBroker({ dir: folder, port: second.port });
  expect(await own.offsets(TOPIC)).toHaveLength(1);
  await own.close();
  await second.stop();
  await rm(folder, { recursive: true });
});

test('kafkaTopicReader: takes the next broker of its list when one does not listen', async () => {
  const own = kafkaTopicReader({ brokers: `127.0.0.1:1,${broker.bootstrap}`, clientProperties: '' });
  expect(await own.offsets(TOPIC)).toHaveLength(1);
  await own.close();
});

test('kafkaTopicReader: is out of patience when nobody listens, or nobody answers', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  for (const brokers of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
    const own = kafkaTopicReader({ brokers, clientProperties: '' }, 300);
    const expected = { code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('for 0.3 seconds') };
    await expect(own.offsets(TOPIC)).rejects.toMatchObject(expected);
    await own.close();
  }
  silent.close();
});

test('kafkaTopicReader: does not wait where waiting changes nothing', async () => {
  broker.faults.add({ api: 'Fetch', effect: { kind: 'fail', error: 'topicAuthorizationFailed' } });
  const message = 'Cannot read the topic "faults": Kafka answered topicAuthorizationFailed';
  await expect(offsetsRead()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: false, message });
});

test('kafkaTopicReader: a failed fetch that nobody waits for any more is nobody’s error', async () => {
  for await (const batch of reader.read(TOPIC, { partition: 0, first: 0, next: RECORDS })) {
    expect(batch).toHaveLength(1);
    broker.faults.add({ api: 'Fetch', effect: { kind: 'fail', error: 'topicAuthorizationFailed' } });
    break;
  }
  await reader.close();
  await expect(reader.offsets(TOPIC)).rejects.toThrow('Cannot read from Kafka: the reader is closed');
});

test('kafkaTopicReader: signs in by PLAIN, and says at once when it is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headrace-reader-'));
  const plain = (username: string, password: string) => username === 'ann' && password === 'right';
  const own = await startKafkaBroker({ dir: folder, autoCreateTopics: true, sasl: { plain } });
  const readerBy = (password: string) => {
    const login = `sasl.mechanism=PLAIN\nsasl.username=ann\nsasl.password=${password}`;
    const clientProperties = `security.protocol=SASL_PLAINTEXT\n${login}`;
    return kafkaTopicReader({ brokers: own.bootstrap, clientProperties }, 300);
  };
  const [right, wrong] = [readerBy('right'), readerBy('wrong')];
  await expect(right.offsets(TOPIC)).rejects.toThrow('Kafka knows no such topic');
  await expect(wrong.offsets(TOPIC)).rejects.toMatchObject({
    retryable: false,
    message: expect.stringMatching(/^Cannot sign in to Kafka at 127\.0\.0\.1:\d+ by PLAIN: /),
  });
  await Promise.all([right.close(), wrong.close()]);
  await own.stop();
  await rm(folder, { recursive: true });
});
