/** Which record batches a broker takes. */

import { gzipSync, zstdCompressSync } from 'node:zlib';
import { listOffsets, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { batchHeaderBytes } from '../../../pipeline/kafka/record-batch.ts';
import { createTopics } from '../../../pipeline/kafka/topic-apis.ts';
import { RawClient } from './raw-client.ts';
import { startTestBroker, type TestBroker, uniqueName } from './test-broker.ts';
import { changedBatch, testBatch } from './test-records.ts';

let broker: TestBroker;
let client: RawClient;
const name = uniqueName('batch');
const compacted = uniqueName('compacted');
const partitions = [0, 1];

beforeAll(async () => {
  broker = await startTestBroker();
  client = await RawClient.connect(broker.bootstrap);
  await createTopic(name, []);
  await createTopic(compacted, [{ name: 'cleanup.policy', value: 'compact' }]);
});
afterAll(async () => {
  client.close();
  await broker.stop();
});

async function createTopic(topic: string, configs: readonly { readonly name: string; readonly value: string }[]) {
  const wanted = { topic, partitionCount: partitions.length, replicationFactor: 1, assignments: [], configs };
  await client.call(createTopics, 7, { topics: [wanted], timeoutMs: 5000 });
  // A real broker needs a moment to lead what its controller has just created.
  while ((await endsOf(topic)).some((end) => end !== 0));
}

async function endsOf(topic: string): Promise<readonly (number | undefined)[]> {
  const wanted = partitions.map((partition) => ({ partition, timestamp: -1 }));
  const answer = await client.call(listOffsets, 7, { replicaId: -1, topics: [{ topic, partitions: wanted }] });
  return inOrder(answer.topics[0]?.partitions ?? []).map(({ offset }) => offset);
}

/** Brokers answer for partitions in any order. */
function inOrder<Item extends { readonly partition: number }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => a.partition - b.partition);
}

/** Sends a batch for each partition from 0 on, in one request; the error codes in order. */
async function send(topic: string, ...batches: readonly Buffer[]): Promise<readonly (number | undefined)[]> {
  const wanted = batches.map((records, partition) => ({ partition, records }));
  const topics = [{ topic, partitions: wanted }];
  const answer = await client.call(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topics });
  return inOrder(answer.topics[0]?.partitions ?? []).map(({ errorCode: code }) => code);
}

const two = testBatch({ values: ['a', 'b'] });
const records = two.subarray(batchHeaderBytes);
const [gzip, zstd, noCodec] = [1, 4, 6];
/** Each of the two records has eight bytes, the first of them the length of the seven that follow, doubled. */
const firstLength = (bytes: number) => Buffer.concat([Buffer.from([bytes * 2]), records.subarray(1)]);

test.each([
  ['uncompressed', two],
  ['gzip', changedBatch(two, { attributes: gzip, records: gzipSync(records) })],
  ['gzip of two members', changedBatch(two, { attributes: gzip, records: inTwo(gzipSync) })],
  ['zstd', changedBatch(two, { attributes: zstd, records: zstdCompressSync(records) })],
])('Produce takes a whole batch: %s', async (_, batch) => {
  const [before = 0] = await endsOf(name);
  expect(await send(name, batch)).toEqual([errorCode.none]);
  expect((await endsOf(name))[0]).toBe(before + 2);
});

function inTwo(compress: (content: Buffer) => Buffer): Buffer {
  return Buffer.concat([compress(records.subarray(0, 5)), compress(records.subarray(5))]);
}

test.each([
  ['more offsets than records', changedBatch(two, { lastOffsetDelta: 1_000_000 })],
  ['fewer offsets than records', changedBatch(two, { lastOffsetDelta: 0 })],
  ['no records', changedBatch(two, { recordCount: 0, lastOffsetDelta: -1, records: Buffer.alloc(0) })],
  ['fewer records than it counts', changedBatch(two, { recordCount: 5, lastOffsetDelta: 4 })],
  ['more records than it counts', changedBatch(two, { recordCount: 1, lastOffsetDelta: 0 })],
  ['a byte after its last record', changedBatch(two, { records: Buffer.concat([records, Buffer.of(0)]) })],
  ['a record that is longer than its length', changedBatch(two, { records: firstLength(6) })],
  ['a record that is shorter than its length', changedBatch(two, { records: firstLength(8) })],
  ['a producer without a sequence', testBatch({ values: ['a'], producerId: 5, producerEpoch: 0, baseSequence: -1 })],
  [
    'compressed records beyond its count',
    changedBatch(two, { attributes: gzip, records: gzipSync(Buffer.concat([records, records])) }),
  ],
])('Produce refuses a batch that has %s', async (_, batch) => {
  const before = await endsOf(name);
  expect(await send(name, batch)).toEqual([errorCode.invalidRecord]);
  expect(await endsOf(name)).toEqual(before);
});

/** Apache Kafka has no code of its own for these. */
const undecodable = [errorCode.invalidRecord, errorCode.unknownServerError];

test.each([
  ['bytes that are no records', changedBatch(two, { records: Buffer.alloc(records.length, 0xff) })],
  ['the codec gzip and no gzip', changedBatch(two, { attributes: gzip })],
  ['half of a gzip', changedBatch(two, { attributes: gzip, records: gzipSync(records).subarray(0, 20) })],
  ['a codec that does not exist', changedBatch(two, { attributes: noCodec })],
])('Produce refuses a batch that has %s', async (_, batch) => {
  const before = await endsOf(name);
  const [code] = await send(name, batch);
  expect(undecodable).toContain(code);
  expect(await endsOf(name)).toEqual(before);
});

test('Produce takes the good batches of a request, whatever is wrong with those of other partitions', async () => {
  const good = testBatch({ values: ['a'], key: 'k' });
  const [code, other] = await send(compacted, good, changedBatch(good, { attributes: gzip }));
  expect(code).toBe(errorCode.none);
  expect(undecodable).toContain(other);
  expect(await endsOf(compacted)).toEqual([1, 0]);
  const [refused, taken] = await send(compacted, changedBatch(good, { attributes: gzip }), good);
  expect(undecodable).toContain(refused);
  expect(taken).toBe(errorCode.none);
  expect(await endsOf(compacted)).toEqual([1, 1]);
});
