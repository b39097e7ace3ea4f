/** What a broker refuses, and what it takes that one might expect it to refuse: as Apache Kafka does. */

import { setTimeout as sleep } from 'node:timers/promises';
import * as data from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import * as group from '../../../pipeline/kafka/group-apis.ts';
import * as topic from '../../../pipeline/kafka/topic-apis.ts';
import * as transaction from '../../../pipeline/kafka/transaction-apis.ts';
import * as calls from './raw-calls.ts';
import { RawClient } from './raw-client.ts';
import { startTestBroker, type TestBroker, uniqueName } from './test-broker.ts';
import { testBatch } from './test-records.ts';

let broker: TestBroker;
let client: RawClient;

beforeAll(async () => {
  broker = await startTestBroker();
  client = await RawClient.connect(broker.bootstrap);
});
afterAll(async () => {
  client.close();
  await broker.stop();
});

test.each<[string, Record<string, string>, number]>([
  ['a number beyond 32 bits', { 'segment.bytes': '99999999999' }, errorCode.invalidConfig],
  ['a ratio above 1', { 'min.cleanable.dirty.ratio': '2' }, errorCode.invalidConfig],
  ['a name that every object has', { constructor: '1' }, errorCode.invalidConfig],
  [
    'a least lag above the largest',
    { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' },
    errorCode.invalidConfig,
  ],
  ['no policy at all', { 'cleanup.policy': '' }, errorCode.none],
])('CreateTopics judges settings: %s', async (_, config, expected) => {
  expect((await calls.tryCreateTopic(client, uniqueName('config'), config)).errorCode).toBe(expected);
});

test('CreateTopics refuses a name that differs from another by dots and underscores alone', async () => {
  const name = uniqueName('a.b');
  await calls.createTopic(client, name);
  expect(await calls.tryCreateTopic(client, name.replace('.', '_'))).toMatchObject({
    errorCode: errorCode.invalidTopicException,
    errorMessage: expect.stringContaining(`collides with existing topic: ${name}`),
  });
});

test('Metadata says of a name that no topic can have that it is invalid', async () => {
  const { topics } = await client.call(topic.metadata, 9, { topics: [{ topic: 'no topic!' }] });
  expect(topics[0]?.errorCode).toBe(errorCode.invalidTopicException);
});

test('DeleteRecords is against the policy of a topic that only compacts', async () => {
  const target = uniqueName('compacted');
  await calls.createTopic(client, target, { 'cleanup.policy': 'compact' });
  const topics = [{ topic: target, partitions: [{ partition: 0, offset: 0 }] }];
  const answer = await client.call(data.deleteRecords, 2, { topics, timeoutMs: 1000 });
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.policyViolation);
});

test('Produce without an acknowledgement that fails closes the connection', async () => {
  const other = await RawClient.connect(broker.bootstrap);
  const topics = [{ topic: uniqueName('none'), partitions: [{ partition: 0, records: testBatch({ values: ['a'] }) }] }];
  other.send(data.produce, 9, { transactionalId: null, acks: 0, timeoutMs: 1000, topics });
  await expect(other.receive()).rejects.toThrow('closed');
});

test('Fetch answers with what it has when a client wants more bytes than an answer holds', async () => {
  const target = uniqueName('wanted');
  await calls.createTopic(client, target);
  for (let batch = 0; batch < 3; batch++) {
    await calls.produceTo(client, target, 0, { values: ['x'.repeat(900_000)] });
  }
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50_000_000 }];
  const request = { minBytes: 2_000_000, maxBytes: 50_000_000, isolationLevel: 0 };
  const wait = { maxWaitMs: 600_000, topics: [{ topic: target, partitions }] };
  const answer = await client.call(data.fetch, 11, { ...request, ...wait });
  expect(answer.topics[0]?.partitions[0]?.records?.length).toBeGreaterThan(900_000);
});

test('InitProducerId that is repeated because its answer was lost gives the same epoch again', async () => {
  const transactionalId = uniqueName('id');
  const first = await calls.initProducer(client, transactionalId);
  const { producerId, producerEpoch } = first;
  const claim = () => calls.initProducer(client, transactionalId, 10_000, { producerId, producerEpoch });
  const next = await claim();
  expect(next).toMatchObject({ errorCode: errorCode.none, producerId, producerEpoch: producerEpoch + 1 });
  expect(await claim()).toMatchObject({ errorCode: errorCode.none, producerId, producerEpoch: producerEpoch + 1 });
});

const membership = { generationId: -1, memberId: '', groupInstanceId: null };

async function commitInTransaction(target: string, groupId: string, offset: number, member: object = membership) {
  const transactionalId = uniqueName('id');
  const { producerId, producerEpoch } = await calls.initProducer(client, transactionalId);
  const identity = { transactionalId, producerId, producerEpoch };
  await client.call(transaction.addOffsetsToTxn, 3, { ...identity, groupId });
  const partitions = [{ partition: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' }];
  const request = { ...identity, groupId, ...membership, ...member, topics: [{ topic: target, partitions }] };
  const answer = await client.call(transaction.txnOffsetCommit, 3, request);
  return { identity, code: answer.topics[0]?.partitions[0]?.errorCode };
}

async function committedOffset(groupId: string, target: string): Promise<number | undefined> {
  const topics = [{ topic: target, partitions: [0] }];
  return (await client.call(group.offsetFetch, 7, { groupId, topics })).topics[0]?.partitions[0]?.committedOffset;
}

test('offsets in a transaction are gone with their topic, also when another has its name', async () => {
  const [target, groupId] = [uniqueName('again'), uniqueName('group')];
  await calls.createTopic(client, target);
  const { identity, code } = await commitInTransaction(target, groupId, 77);
  expect(code).toBe(errorCode.none);
  await client.call(topic.deleteTopics, 5, { topicNames: [target], timeoutMs: 5000 });
  // A real broker forgets a topic a moment later.
  while ((await calls.tryCreateTopic(client, target)).errorCode !== errorCode.none) await sleep(50);
  const ended = await client.call(transaction.endTxn, 3, { ...identity, committed: true });
  expect(ended.errorCode).toBe(errorCode.none);
  await sleep(500);
  expect(await committedOffset(groupId, target)).toBe(-1);
});

test('TxnOffsetCommit is taken while a group completes its rebalance, and refused of a generation without a member', async () => {
  const [target, groupId] = [uniqueName('rebalancing'), uniqueName('group')];
  await calls.createTopic(client, target);
  const protocols = [{ name: 'range', metadata: Buffer.from('m') }];
  const join = { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocolType: 'consumer', protocols };
  const { memberId } = await client.call(group.joinGroup, 5, { ...join, memberId: '', groupInstanceId: null });
  const joined = await client.call(group.joinGroup, 5, { ...join, memberId, groupInstanceId: null });
  const member = { memberId, generationId: joined.generationId };
  expect((await commitInTransaction(target, groupId, 7, member)).code).toBe(errorCode.none);
  expect((await commitInTransaction(target, groupId, 7, { generationId: 5 })).code).toBe(errorCode.unknownMemberId);
});

test('the largest offset there is can be committed and read', async () => {
  const [target, groupId] = [uniqueName('largest'), uniqueName('group')];
  await calls.createTopic(client, target);
  const partitions = [{ partition: 0, committedOffset: 2 ** 63, committedLeaderEpoch: -1, committedMetadata: '' }];
  const request = { groupId, ...membership, topics: [{ topic: target, partitions }] };
  const answer = await client.call(group.offsetCommit, 8, request);
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.none);
  expect(await committedOffset(groupId, target)).toBe(2 ** 63);
});
