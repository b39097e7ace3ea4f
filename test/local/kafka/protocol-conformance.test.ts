/** What a broker answers to raw requests: every version of every API, sequences, fencing and frames that break. */

import { createHash } from 'node:crypto';
import type { AnyApi } from '../../../pipeline/kafka/api.ts';
import * as data from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import * as group from '../../../pipeline/kafka/group-apis.ts';
import { apiVersions } from '../../../pipeline/kafka/session-apis.ts';
import * as topic from '../../../pipeline/kafka/topic-apis.ts';
import * as transaction from '../../../pipeline/kafka/transaction-apis.ts';
import * as calls from './raw-calls.ts';
import { RawClient } from './raw-client.ts';
import { isOtherBroker, startTestBroker, type TestBroker, uniqueName } from './test-broker.ts';
import { testBatch } from './test-records.ts';

let broker: TestBroker;
let client: RawClient;
const name = uniqueName('raw');
/** Apache Kafka insists on a name that is not empty. */
const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };

beforeAll(async () => {
  broker = await startTestBroker();
  client = await RawClient.connect(broker.bootstrap);
  await createTopic(name);
  client.close();
});
beforeEach(async () => {
  client = await RawClient.connect(broker.bootstrap);
});
afterEach(() => client.close());
afterAll(() => broker.stop());

const createTopic = (target: string) => calls.createTopic(client, target);
const produceTo = (...args: Parameters<typeof calls.produceTo> extends [RawClient, ...infer Rest] ? Rest : never) =>
  calls.produceTo(client, ...args);
const initProducer = (transactionalId: string | null, transactionTimeoutMs?: number) =>
  calls.initProducer(client, transactionalId, transactionTimeoutMs);

/** A harmless request for each API, whose answer has items in its lists where that is possible. */
function samples(): readonly (readonly [AnyApi, unknown])[] {
  const at = { topic: name, partitions: [{ partition: 0 }] };
  const missing = uniqueName('missing');
  const membership = { groupId: missing, generationId: 1, memberId: 'nobody' };
  const producer = { transactionalId: missing, producerId: 1, producerEpoch: 0 };
  const offset = { partition: 0, committedOffset: 1, committedMetadata: null };
  const resource = { resourceType: 2, resourceName: name };
  const join = { groupId: missing, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: 'nobody' };
  return [
    [apiVersions, software],
    [topic.metadata, { topics: [{ topic: name }] }],
    [topic.describeCluster, { includeClusterAuthorizedOperations: false }],
    [
      topic.createTopics,
      {
        topics: [{ topic: missing, partitionCount: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1000,
        validateOnly: true,
      },
    ],
    [topic.deleteTopics, { topics: [], topicNames: [missing], timeoutMs: 1000 }],
    [
      topic.createPartitions,
      { topics: [{ topic: name, count: 3, assignments: null }], timeoutMs: 1, validateOnly: true },
    ],
    [topic.describeConfigs, { resources: [{ ...resource, configurationKeys: null }], includeSynonyms: true }],
    [topic.alterConfigs, { resources: [{ ...resource, configs: [] }], validateOnly: true }],
    [topic.incrementalAlterConfigs, { resources: [{ ...resource, configs: [] }], validateOnly: true }],
    [
      data.produce,
      {
        transactionalId: null,
        acks: 1,
        timeoutMs: 1000,
        topics: [{ topic: name, partitions: [{ partition: 1, records: testBatch({ values: ['a', 'b'] }) }] }],
      },
    ],
    [data.listOffsets, { replicaId: -1, topics: [{ topic: name, partitions: [{ partition: 1, timestamp: -1 }] }] }],
    [data.deleteRecords, { topics: [{ topic: name, partitions: [{ partition: 1, offset: 0 }] }], timeoutMs: 1000 }],
    [
      data.offsetForLeaderEpoch,
      { topics: [{ topic: name, partitions: [{ partition: 1, currentLeaderEpoch: -1, leaderEpoch: 0 }] }] },
    ],
    [group.findCoordinator, { key: missing, keyType: 0, coordinatorKeys: [missing] }],
    [group.joinGroup, { ...join, protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] }],
    [group.syncGroup, { ...membership, assignments: [] }],
    [group.heartbeat, membership],
    [group.leaveGroup, { groupId: missing, memberId: 'x', members: [{ memberId: 'x', groupInstanceId: null }] }],
    [group.offsetCommit, { ...membership, topics: [{ topic: name, partitions: [offset] }] }],
    [
      group.offsetFetch,
      {
        groupId: missing,
        topics: [{ topic: name, partitions: [0] }],
        groups: [{ groupId: missing, topics: [{ topic: name, partitions: [0] }] }],
      },
    ],
    [group.offsetDelete, { groupId: missing, topics: [at] }],
    [group.describeGroups, { groups: [missing] }],
    [group.listGroups, {}],
    [group.deleteGroups, { groups: [missing] }],
    [transaction.initProducerId, { transactionalId: null, transactionTimeoutMs: 1000 }],
    [transaction.addPartitionsToTxn, { ...producer, topics: [{ topic: name, partitions: [0] }] }],
    [transaction.addOffsetsToTxn, { ...producer, groupId: missing }],
    [transaction.endTxn, { ...producer, committed: true }],
    [transaction.txnOffsetCommit, { ...producer, groupId: missing, topics: [{ topic: name, partitions: [offset] }] }],
    [transaction.describeProducers, { topics: [{ topic: name, partitions: [0] }] }],
    [transaction.describeTransactions, { transactionalIds: [missing] }],
    [transaction.listTransactions, { stateFilters: [], producerIdFilters: [] }],
  ];
}

test('ApiVersions lists every API of the sample requests', async () => {
  const { apiKeys } = await client.call(apiVersions, 4, software);
  expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual(expect.arrayContaining(samples().map(([api]) => api.key)));
});

test.each(samples().map(([api]) => [api.name, api] as const))(
  '%s reads and answers each of its versions to the last byte',
  async (_, api) => {
    const { apiKeys } = await client.call(apiVersions, 4, software);
    const offered = apiKeys.find(({ apiKey }) => apiKey === api.key);
    const first = Math.max(api.minVersion, offered?.minVersion ?? 0);
    const last = Math.min(api.maxVersion, offered?.maxVersion ?? 0);
    expect(last).toBeGreaterThanOrEqual(first);
    for (let version = first; version <= last; version += 1) {
      const request = samples().find(([one]) => one === api)?.[1];
      await expect(client.call(api, version, request as never)).resolves.toBeDefined();
    }
  },
);

test('Fetch reads and answers each of its versions to the last byte', async () => {
  const { topics } = await client.call(topic.metadata, 12, { topics: [{ topic: name }] });
  const topicId = topics[0]?.topicId ?? '';
  const { baseOffset } = await produceTo(name, 0, { values: ['one', 'two'] });
  const partition = { partition: 0, fetchOffset: baseOffset, partitionMaxBytes: 1_000_000 };
  for (let version = data.fetch.minVersion; version <= data.fetch.maxVersion; version += 1) {
    const answer = await client.call(data.fetch, version, {
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 0,
      topics: [{ topic: name, topicId, partitions: [partition] }],
    });
    expect(answer.topics[0]?.partitions[0]?.records?.includes('two')).toBe(true);
  }
});

test('Produce answers a repeated batch as the first time and refuses a gap', async () => {
  const target = uniqueName('sequence');
  await createTopic(target);
  const { producerId, producerEpoch } = await initProducer(null);
  const batch = (baseSequence: number) => ({ values: ['a', 'b'], producerId, producerEpoch, baseSequence });
  expect(await produceTo(target, 0, batch(0))).toEqual({ code: errorCode.none, baseOffset: 0 });
  expect(await produceTo(target, 0, batch(2))).toEqual({ code: errorCode.none, baseOffset: 2 });
  expect(await produceTo(target, 0, batch(0))).toEqual({ code: errorCode.none, baseOffset: 0 });
  expect((await produceTo(target, 0, batch(6))).code).toBe(errorCode.outOfOrderSequenceNumber);
  expect(await produceTo(target, 0, batch(4))).toEqual({ code: errorCode.none, baseOffset: 4 });
});

test('Produce refuses an older epoch and a newer one that does not start at 0', async () => {
  const target = uniqueName('epoch');
  await createTopic(target);
  const { producerId } = await initProducer(null);
  const batch = (producerEpoch: number, baseSequence: number) => ({
    values: ['a'],
    producerId,
    producerEpoch,
    baseSequence,
  });
  expect((await produceTo(target, 0, batch(1, 0))).code).toBe(errorCode.none);
  expect((await produceTo(target, 0, batch(0, 1))).code).toBe(errorCode.invalidProducerEpoch);
  expect((await produceTo(target, 0, batch(2, 1))).code).toBe(errorCode.outOfOrderSequenceNumber);
  expect((await produceTo(target, 0, batch(2, 0))).code).toBe(errorCode.none);
});

test('Produce refuses a batch whose checksum is wrong, an unknown partition and too large a batch', async () => {
  const broken = testBatch({ values: ['broken'] });
  broken.writeUInt8(broken.readUInt8(broken.length - 2) ^ 0xff, broken.length - 2);
  const topics = [{ topic: name, partitions: [{ partition: 0, records: broken }] }];
  const answer = await client.call(data.produce, 11, { transactionalId: null, acks: -1, timeoutMs: 1000, topics });
  expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.corruptMessage);
  expect((await produceTo(name, 9, { values: ['a'] })).code).toBe(errorCode.unknownTopicOrPartition);
  expect((await produceTo(name, 0, { values: ['x'.repeat(1_100_000)] })).code).toBe(errorCode.messageTooLarge);
});

test('Produce refuses a timestamp of more than an hour ahead', async () => {
  const [minute, hour] = [60_000, 3_600_000];
  expect((await produceTo(name, 0, { values: ['a'], timestamp: Date.now() + minute })).code).toBe(errorCode.none);
  const early = await produceTo(name, 0, { values: ['a'], timestamp: Date.now() + hour + minute });
  expect(early.code).toBe(errorCode.invalidTimestamp);
});

test('Fetch refuses an offset outside of the log and an unknown topic id', async () => {
  const partition = { partition: 0, fetchOffset: 1_000_000, partitionMaxBytes: 1000 };
  const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1000, isolationLevel: 0 };
  const beyond = await client.call(data.fetch, 11, { ...request, topics: [{ topic: name, partitions: [partition] }] });
  expect(beyond.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.offsetOutOfRange);
  const topicId = createHash('md5')
    .update(uniqueName('id'))
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const unknown = await client.call(data.fetch, 17, { ...request, topics: [{ topicId, partitions: [partition] }] });
  expect(unknown.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.unknownTopicId);
});

test('Fetch gives a whole first batch even when it is larger than the limits', async () => {
  const target = uniqueName('large');
  await createTopic(target);
  await produceTo(target, 0, { values: ['x'.repeat(10_000)] });
  const answer = await client.call(data.fetch, 11, {
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 100,
    isolationLevel: 0,
    topics: [{ topic: target, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }] }],
  });
  expect(answer.topics[0]?.partitions[0]?.records?.length).toBeGreaterThan(10_000);
});

test('InitProducerId fences the producer before it, also in the middle of a transaction', async () => {
  const target = uniqueName('fence');
  await createTopic(target);
  const transactionalId = uniqueName('id');
  const old = await initProducer(transactionalId);
  const identity = { transactionalId, producerId: old.producerId, producerEpoch: old.producerEpoch };
  const partitions = { topics: [{ topic: target, partitions: [0] }] };
  const added = await client.call(transaction.addPartitionsToTxn, 3, { ...identity, ...partitions });
  expect(added.topics[0]?.partitions[0]?.errorCode).toBe(errorCode.none);
  const batch = { values: ['a'], producerId: old.producerId, baseSequence: 0, transactional: true };
  const first = await produceTo(target, 0, { ...batch, producerEpoch: old.producerEpoch }, transactionalId);
  expect(first.code).toBe(errorCode.none);
  const next = await initProducer(transactionalId);
  expect(next.producerId).toBe(old.producerId);
  expect(next.producerEpoch).toBeGreaterThan(old.producerEpoch);
  const late = await produceTo(
    target,
    0,
    { ...batch, producerEpoch: old.producerEpoch, baseSequence: 1 },
    transactionalId,
  );
  expect(late.code).toBe(errorCode.invalidProducerEpoch);
  const ended = await client.call(transaction.endTxn, 3, { ...identity, committed: true });
  expect(ended.errorCode).toBe(errorCode.producerFenced);
});

test('Produce refuses a transactional batch for a partition that its transaction does not have', async () => {
  const target = uniqueName('stray');
  await createTopic(target);
  const transactionalId = uniqueName('id');
  const { producerId, producerEpoch } = await initProducer(transactionalId);
  const batch = { values: ['a'], producerId, producerEpoch, baseSequence: 0, transactional: true };
  expect((await produceTo(target, 0, batch, transactionalId)).code).toBe(errorCode.transactionAbortable);
});

test('TxnOffsetCommit refuses a group that its transaction does not have', async () => {
  const transactionalId = uniqueName('id');
  const { producerId, producerEpoch } = await initProducer(transactionalId);
  const groupId = uniqueName('group');
  const partitions = [{ partition: 0, committedOffset: 1, committedMetadata: null }];
  const request = { transactionalId, groupId, producerId, producerEpoch, topics: [{ topic: name, partitions }] };
  const codes = [];
  for (const version of [3, 4]) {
    const answer = await client.call(transaction.txnOffsetCommit, version, request);
    codes.push(answer.topics[0]?.partitions[0]?.errorCode);
  }
  expect(codes).toEqual([errorCode.invalidTxnState, errorCode.transactionAbortable]);
});

test('a transaction that is open for longer than its timeout is aborted and its producer fenced', async () => {
  const target = uniqueName('timeout');
  await createTopic(target);
  const transactionalId = uniqueName('id');
  const { producerId, producerEpoch } = await initProducer(transactionalId, 300);
  const identity = { transactionalId, producerId, producerEpoch };
  await client.call(transaction.addPartitionsToTxn, 3, { ...identity, topics: [{ topic: target, partitions: [0] }] });
  const batch = { values: ['a'], producerId, producerEpoch, baseSequence: 0, transactional: true };
  expect((await produceTo(target, 0, batch, transactionalId)).code).toBe(errorCode.none);
  const stableOffset = async () => {
    const topics = [{ topic: target, partitions: [{ partition: 0, timestamp: -1 }] }];
    const answer = await client.call(data.listOffsets, 7, { replicaId: -1, isolationLevel: 1, topics });
    return answer.topics[0]?.partitions[0]?.offset;
  };
  expect(await stableOffset()).toBe(0);
  // The record and the marker that aborts it.
  while ((await stableOffset()) !== 2);
  const ended = await client.call(transaction.endTxn, 3, { ...identity, committed: true });
  expect(ended.errorCode).toBe(errorCode.producerFenced);
});

test('EndTxn may be repeated but not turned round', async () => {
  const transactionalId = uniqueName('id');
  const { producerId, producerEpoch } = await initProducer(transactionalId);
  const identity = { transactionalId, producerId, producerEpoch };
  const end = async (committed: boolean) => {
    for (;;) {
      const answer = await client.call(transaction.endTxn, 3, { ...identity, committed });
      if (answer.errorCode !== errorCode.concurrentTransactions) return answer.errorCode;
    }
  };
  expect(await end(true)).toBe(errorCode.invalidTxnState);
  await client.call(transaction.addPartitionsToTxn, 3, { ...identity, topics: [{ topic: name, partitions: [0] }] });
  expect(await end(true)).toBe(errorCode.none);
  expect(await end(true)).toBe(errorCode.none);
  expect(await end(false)).toBe(errorCode.invalidTxnState);
});

test('ApiVersions of an unknown version is answered in its oldest form with the versions to choose from', async () => {
  const other = await RawClient.connect(broker.bootstrap);
  other.send(apiVersions, 99, {});
  const answer = await other.receive();
  expect(answer.readInt16BE(4)).toBe(errorCode.unsupportedVersion);
  other.close();
});

test.each([
  ['a frame that ends in the middle of its header', Buffer.from([0, 3, 0])],
  ['a string that is longer than its frame', Buffer.from([0, 3, 0, 5, 0, 0, 0, 1, 0x7f, 0xff, 1])],
  ['an array with more items than bytes', Buffer.from([0, 3, 0, 5, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff])],
])('a malformed frame closes its own connection only: %s', async (_, frame) => {
  const other = await RawClient.connect(broker.bootstrap);
  other.sendFrame(frame);
  await expect(other.receive()).rejects.toThrow('closed');
  await expect(client.call(topic.metadata, 9, { topics: [] })).resolves.toBeDefined();
});

test('a frame length that is negative or absurd closes its own connection only', async () => {
  for (const length of [
    [0xff, 0xff, 0xff, 0xff],
    [0x7f, 0xff, 0xff, 0xff],
  ]) {
    const other = await RawClient.connect(broker.bootstrap);
    other.sendBytes(Buffer.from(length));
    await expect(other.receive()).rejects.toThrow('closed');
  }
  await expect(client.call(topic.metadata, 9, { topics: [] })).resolves.toBeDefined();
});

// Apache Kafka closes the connection here; ours says why and keeps it.
if (!isOtherBroker) {
  test('an unknown API or version is answered with UNSUPPORTED_VERSION', async () => {
    const other = await RawClient.connect(broker.bootstrap);
    other.sendFrame(Buffer.from([0x03, 0xe7, 0, 0, 0, 0, 0, 7, 0xff, 0xff]));
    expect(await other.receive()).toEqual(Buffer.from([0, 0, 0, 7, 0, errorCode.unsupportedVersion]));
    other.sendFrame(Buffer.from([0, 3, 0, 99, 0, 0, 0, 8, 0xff, 0xff]));
    expect(await other.receive()).toEqual(Buffer.from([0, 0, 0, 8, 0, errorCode.unsupportedVersion]));
    await expect(other.call(topic.metadata, 9, { topics: [] })).resolves.toBeDefined();
    other.close();
  });
}
