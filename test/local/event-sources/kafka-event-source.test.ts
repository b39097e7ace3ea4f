import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MSKEvent } from 'aws-lambda';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaEventSource, type KafkaEventSourceOptions } from '../../../local/event-sources/kafka-event-source.ts';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { TopicAdmin } from '../../../local/topic-admin.ts';
import { fixtureFunction } from './fixture-function.ts';

const CLUSTER = 'arn:aws:kafka:us-east-1:000000000000:cluster/c/u';
const PARTITIONS = 3;
/** Of the record 0; the broker's retention removes records that are too old. */
const STARTED_AT = Date.now();
/** The broker writes there until it stops, after the fixtures' folders are gone. */
const dir = mkdtempSync(join(tmpdir(), 'headrace-kafka-'));
let broker: KafkaBroker;
let kafka: Kafka;
let topics: TopicAdmin;
const sources: KafkaEventSource[] = [];

beforeAll(async () => {
  broker = await startKafkaBroker({ dir });
  kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
  topics = new TopicAdmin({ brokers: broker.bootstrap, clientProperties: '' });
  await topics.connect();
});
afterEach(() => Promise.all(sources.splice(0).map((source) => source.stop())));
afterAll(async () => {
  await topics.close();
  await broker.stop();
  rmSync(dir, { recursive: true });
});

const createTopic = (name: string, partitions = PARTITIONS) =>
  topics.ensure({ name, partitions, replicationFactor: 3, configs: { 'retention.ms': '86400000' } });

async function produce(topic: string, count: number, value: (n: number) => string, from = 0): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => ({
    key: `key ${from + index}`,
    value: value(from + index),
    partition: (from + index) % PARTITIONS,
    headers: { ce_id: String(from + index) },
    timestamp: String(STARTED_AT + from + index),
  }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function start(
  topic: string,
  handle: (event: MSKEvent, bytes: number) => unknown,
  options: Partial<KafkaEventSourceOptions> = {},
): Promise<KafkaEventSource> {
  const source = new KafkaEventSource({
    kafka: { brokers: broker.bootstrap, clientProperties: '' },
    topic,
    groupId: `group of ${topic}`,
    fromBeginning: true,
    clusterArn: CLUSTER,
    batchSize: 100,
    windowMs: 100,
    function: fixtureFunction(handle),
    log: () => {},
    ...options,
  });
  sources.push(source);
  await source.start();
  return source;
}

const recordsOf = (event: MSKEvent) => Object.values(event.records).flat();
const text = (base64: string) => Buffer.from(base64, 'base64').toString();

test('KafkaEventSource delivers records in the shape of MSK events, grouped by partition', async () => {
  await createTopic('shape');
  await produce('shape', 6, (n) => `value ${n}`);
  const events: MSKEvent[] = [];
  await new Promise<void>((resolve) => {
    void start('shape', (event) => {
      events.push(event);
      if (events.flatMap(recordsOf).length === 6) resolve();
    });
  });
  const [event] = events;
  expect(event).toMatchObject({
    eventSource: 'aws:kafka',
    eventSourceArn: CLUSTER,
    bootstrapServers: broker.bootstrap,
  });
  for (const [group, records] of Object.entries(event?.records ?? {})) {
    for (const { topic, partition } of records) expect(group).toBe(`${topic}-${partition}`);
  }
  const first = events.flatMap(recordsOf).find(({ partition, offset }) => partition === 1 && offset === 0);
  expect(first).toMatchObject({
    timestamp: STARTED_AT + 1,
    timestampType: 'CREATE_TIME',
    headers: [{ ce_id: [49] }],
  });
  expect(text(first?.key ?? '')).toBe('key 1');
  expect(text(first?.value ?? '')).toBe('value 1');
});

test('KafkaEventSource keeps every batch under its records and 6 MB of JSON, over several fetches', async () => {
  await createTopic('sizes');
  const value = 'x'.repeat(20_000);
  // The broker takes 1 MB a partition in one request.
  for (let from = 0; from < 900; from += 90) await produce('sizes', 90, () => value, from);
  const sizes: number[] = [];
  let received = 0;
  await new Promise<void>((resolve) => {
    const handle = (event: MSKEvent, bytes: number) => {
      sizes.push(bytes);
      received += recordsOf(event).length;
      if (received === 900) resolve();
    };
    void start('sizes', handle, { batchSize: 10_000, windowMs: 2000 });
  });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024);
  // 900 records of 27 KB of JSON are 24 MB: full batches, and not one for each fetch.
  expect(sizes.length).toBeLessThanOrEqual(6);
});

test('KafkaEventSource retries a failed batch until it succeeds, without passing it by', async () => {
  await createTopic('retry');
  await produce('retry', 30, (n) => String(n));
  const batches: string[][] = [];
  const attempts: string[] = [];
  await new Promise<void>((resolve) => {
    void start(
      'retry',
      (event) => {
        const values = recordsOf(event).map((record) => text(record.value));
        attempts.push(values.join());
        if (attempts.length <= 3) throw new Error('not yet');
        batches.push(values);
        if (batches.flat().length === 30) resolve();
      },
      { batchSize: 30, windowMs: 1000 },
    );
  });
  expect(new Set(attempts.slice(0, 4)).size).toBe(1);
  for (const partition of [0, 1, 2]) {
    const inPartition = batches
      .flat()
      .map(Number)
      .filter((n) => n % PARTITIONS === partition);
    expect(inPartition).toEqual([...inPartition].sort((a, b) => a - b));
  }
});

test('KafkaEventSource goes on after the last success when it starts again', async () => {
  await createTopic('resume');
  await produce('resume', 9, (n) => String(n));
  const seen: string[][] = [[], []];
  const collect = (run: number, count: number) =>
    new Promise<KafkaEventSource>((resolve) => {
      const started = start('resume', (event) => {
        seen[run]?.push(...recordsOf(event).map((record) => text(record.value)));
        // Later than this invocation's own success.
        if (seen[run]?.length === count) setTimeout(() => void started.then(resolve), 300);
      });
    });
  await (await collect(0, 9)).stop();
  await produce('resume', 3, (n) => String(n), 9);
  await collect(1, 3);
  expect(seen[1]?.sort()).toEqual(['10', '11', '9']);
});

test('KafkaEventSource goes on after errors that kafkajs does not try again', async () => {
  await createTopic('refused');
  const lines: string[] = [];
  const values: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const handle = (event: MSKEvent) => {
    values.push(...recordsOf(event).map((record) => text(record.value)));
    if (new Set(values).size === 6) resolve();
  };
  for (const api of ['Fetch', 'JoinGroup']) {
    broker.faults.add({ api, times: 1, effect: { kind: 'fail', error: 'groupAuthorizationFailed' } });
  }
  await start('refused', handle, { log: (line) => lines.push(line) });
  await produce('refused', 6, (n) => String(n));
  await all;
  expect(lines).toContainEqual(expect.stringMatching(/^Kafka consumer of refused: .*uthoriz.*, it starts again$/));
});

test('TopicAdmin keeps the settings of a topic that the template does not declare', async () => {
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: '5000000' }];
  await admin.createTopics({ topics: [{ topic: 'own', configEntries }] });
  await createTopic('own');
  const resources = [{ type: 2, name: 'own', configNames: ['max.message.bytes', 'retention.ms'] }];
  const described = await admin.describeConfigs({ includeSynonyms: false, resources });
  const values = described.resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]);
  expect(Object.fromEntries(values ?? [])).toEqual({ 'max.message.bytes': '5000000', 'retention.ms': '86400000' });
  await admin.disconnect();
});

test('TopicAdmin raises partitions and sets configs, and leaves what is there', async () => {
  await createTopic('declared', 1);
  await createTopic('declared', 2);
  await createTopic('declared', 1);
  const admin = kafka.admin();
  await admin.connect();
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: ['declared'] });
  expect(metadata[0]?.partitions).toHaveLength(2);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: 'declared' }],
  });
  expect(resources[0]?.configEntries).toContainEqual(
    expect.objectContaining({ configName: 'retention.ms', configValue: '86400000' }),
  );
  await admin.disconnect();
});
