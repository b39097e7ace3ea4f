/** Failures on demand, as the proxy's and the sink's tests use them. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { fetch, listOffsets, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { describeGroups, findCoordinator, heartbeat, offsetFetch } from '../../../pipeline/kafka/group-apis.ts';
import { apiVersions } from '../../../pipeline/kafka/session-apis.ts';
import { createTopics, deleteTopics, describeConfigs, metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { RawClient } from './raw-client.ts';
import { testBatch } from './test-records.ts';

let dir: string;
let broker: KafkaBroker;
let client: RawClient;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-faults-'));
  broker = await startKafkaBroker({ dir });
  client = await RawClient.connect(broker.bootstrap);
  const topic = (name: string) => ({
    topic: name,
    partitionCount: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  });
  await client.call(createTopics, 7, { topics: [topic('good'), topic('bad')], timeoutMs: 1000 });
});
afterEach(() => broker.faults.clear());
afterAll(async () => {
  client.close();
  await broker.stop();
  await rm(dir, { recursive: true });
});

const partitions = () => [{ partition: 0, records: testBatch({ values: ['a'] }) }];
const produceRequest = (...topics: readonly string[]) => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 1000,
  topics: topics.map((topic) => ({ topic, partitions: partitions() })),
});

async function endOffset(topic: string): Promise<number | undefined> {
  const topics = [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }];
  return (await client.call(listOffsets, 7, { replicaId: -1, topics })).topics[0]?.partitions[0]?.offset;
}

test('Faults.add fails one topic with a code, as often as it says, and spares the others', async () => {
  broker.faults.add({ api: 'Produce', topic: 'bad', times: 1, effect: { kind: 'fail', error: 'notEnoughReplicas' } });
  const before = await endOffset('bad');
  const first = await client.call(produce, 9, produceRequest('good', 'bad'));
  expect(first.topics).toMatchObject([
    { topic: 'good', partitions: [{ partition: 0, errorCode: errorCode.none }] },
    { topic: 'bad', partitions: [{ partition: 0, errorCode: errorCode.notEnoughReplicas }] },
  ]);
  expect(await endOffset('bad')).toBe(before);
  const second = await client.call(produce, 9, produceRequest('bad'));
  expect(second.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.none);
});

test('Faults.add can do what was asked and only lose the answer', async () => {
  const before = (await endOffset('bad')) ?? 0;
  broker.faults.add({ api: 'Produce', times: 1, effect: { kind: 'fail', error: 'requestTimedOut', when: 'after' } });
  const answer = await client.call(produce, 9, produceRequest('bad'));
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.requestTimedOut);
  expect(await endOffset('bad')).toBe(before + 1);
});

test('Faults.add drops the connection before or after the work, and no other', async () => {
  for (const [when, appended] of [
    ['before', 0],
    ['after', 1],
  ] as const) {
    const before = (await endOffset('good')) ?? 0;
    broker.faults.add({ api: 'Produce', times: 1, effect: { kind: 'drop', when } });
    const other = await RawClient.connect(broker.bootstrap);
    await expect(other.call(produce, 9, produceRequest('good'))).rejects.toThrow('closed');
    expect(await endOffset('good')).toBe(before + appended);
  }
});

test('Faults.add delays, and a fault that has been ended does nothing', async () => {
  const end = broker.faults.add({ api: 'Metadata', effect: { kind: 'delay', delayMs: 150 } });
  const started = performance.now();
  await client.call(metadata, 12, { topics: [] });
  // Timers may fire up to a millisecond early.
  expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  end();
  broker.faults.add({ api: 'Metadata', forMs: 0, effect: { kind: 'drop' } });
  await expect(client.call(metadata, 12, { topics: [] })).resolves.toBeDefined();
});

test('Faults.add meets requests that name topics by id', async () => {
  const { topics } = await client.call(metadata, 12, { topics: [{ topic: 'bad' }] });
  broker.faults.add({ api: 'Fetch', topic: 'bad', effect: { kind: 'fail', error: 'kafkaStorageError' } });
  const answer = await client.call(fetch, 17, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    topics: [{ topicId: topics[0]?.topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
  });
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.kafkaStorageError);
});

test('Faults.add has an answer for APIs of every shape', async () => {
  const effect = { kind: 'fail', error: 'coordinatorLoadInProgress' } as const;
  for (const api of ['Heartbeat', 'FindCoordinator', 'DescribeGroups', 'OffsetFetch', 'DeleteTopics']) {
    broker.faults.add({ api, effect });
  }
  const code = errorCode.coordinatorLoadInProgress;
  const membership = { groupId: 'g', generationId: 1, memberId: 'm' };
  expect(await client.call(heartbeat, 4, membership)).toMatchObject({ errorCode: code });
  const found = await client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
  expect(found.coordinators).toMatchObject([{ key: 'g', errorCode: code }]);
  expect(await client.call(findCoordinator, 2, { key: 'g' })).toMatchObject({ errorCode: code });
  const described = await client.call(describeGroups, 5, { groups: ['g'] });
  expect(described.groups).toMatchObject([{ groupId: 'g', errorCode: code }]);
  const groups = [{ groupId: 'g', topics: [{ topic: 'bad', partitions: [0] }] }];
  expect(await client.call(offsetFetch, 8, { groups })).toMatchObject({ groups: [{ groupId: 'g', errorCode: code }] });
  const deleted = await client.call(deleteTopics, 5, { topicNames: ['bad'], timeoutMs: 1000 });
  expect(deleted.topics).toMatchObject([{ topic: 'bad', errorCode: code }]);
});

test('Faults.add refuses an API as a broker that does not know it', async () => {
  broker.faults.add({ api: 'Heartbeat', effect: { kind: 'refuse' } });
  const answer = await client.call(heartbeat, 4, { groupId: 'g', generationId: 1, memberId: 'm' });
  expect(answer.errorCode).toBe(errorCode.unsupportedVersion);
});

test('an idempotent kafkajs producer writes once through lost answers and dropped connections', async () => {
  const retry = { initialRetryTime: 20, retries: 10 };
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry });
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const before = (await endOffset('good')) ?? 0;
  await producer.send({ topic: 'good', messages: [{ value: 'first' }] });
  broker.faults.add({ api: 'Produce', times: 1, effect: { kind: 'fail', error: 'requestTimedOut', when: 'after' } });
  await producer.send({ topic: 'good', messages: [{ value: 'second' }] });
  broker.faults.add({ api: 'Produce', times: 1, effect: { kind: 'drop', when: 'after' } });
  await producer.send({ topic: 'good', messages: [{ value: 'third' }] });
  expect(await endOffset('good')).toBe(before + 3);
  await producer.disconnect();
});

test('Faults.add meets a topic wherever a request names it, and only that topic', async () => {
  const code = errorCode.notLeaderOrFollower;
  for (const api of ['OffsetFetch', 'DeleteTopics', 'Metadata', 'DescribeConfigs']) {
    broker.faults.add({ api, topic: 'bad', effect: { kind: 'fail', error: 'notLeaderOrFollower' } });
  }
  const wanted = ['good', 'bad'].map((topic) => ({ topic, partitions: [0] }));
  const { groups } = await client.call(offsetFetch, 8, { groups: [{ groupId: 'g', topics: wanted }] });
  const fetched = groups.flatMap((group) =>
    group.topics.map(({ topic, partitions }) => [topic, partitions[0]?.errorCode]),
  );
  expect(Object.fromEntries(fetched)).toEqual({ good: errorCode.none, bad: code });
  expect(groups).toMatchObject([{ groupId: 'g', errorCode: errorCode.none }]);
  const all = await client.call(metadata, 9, { topics: null });
  expect(all.topics).toContainEqual(expect.objectContaining({ topic: 'good', errorCode: errorCode.none }));
  expect(all.topics).toContainEqual(expect.objectContaining({ topic: 'bad', errorCode: code }));
  const resources = ['good', 'bad'].map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: [] }));
  const described = await client.call(describeConfigs, 2, { resources, includeSynonyms: false });
  expect(described.resources).toMatchObject([
    { resourceName: 'good', errorCode: errorCode.none },
    { resourceName: 'bad', errorCode: code },
  ]);
  const deleted = await client.call(deleteTopics, 5, { topicNames: ['bad', 'none'], timeoutMs: 1000 });
  expect(deleted.topics.map(({ topic, errorCode: each }) => [topic, each])).toEqual([
    ['none', errorCode.unknownTopicOrPartition],
    ['bad', code],
  ]);
});

test('Faults.add fails a request without an answer as a broker does: the connection closes', async () => {
  broker.faults.add({ api: 'Produce', times: 1, effect: { kind: 'fail', error: 'notLeaderOrFollower' } });
  const other = await RawClient.connect(broker.bootstrap);
  other.send(produce, 9, { ...produceRequest('good'), acks: 0 });
  await expect(other.receive()).rejects.toThrow('closed');
});

test('Faults.add refuses ApiVersions in the one form that every client reads', async () => {
  broker.faults.add({ api: 'ApiVersions', times: 1, effect: { kind: 'refuse' } });
  const other = await RawClient.connect(broker.bootstrap);
  other.send(apiVersions, 3, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
  const answer = await other.receive();
  expect([answer.readInt16BE(4), answer.length]).toEqual([errorCode.unsupportedVersion, 10]);
  other.close();
});
