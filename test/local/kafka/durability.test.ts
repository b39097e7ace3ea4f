/** `kill -9`: what the broker has acknowledged is there once and in order, and nothing that was aborted is read. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafkaBroker } from '../../../local/kafka/broker.ts';
import { fetch, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { offsetCommit, offsetFetch } from '../../../pipeline/kafka/group-apis.ts';
import { readRecords } from '../../../pipeline/kafka/record.ts';
import { readBatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import { createTopics, describeConfigs, metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { addPartitionsToTxn, endTxn, initProducerId } from '../../../pipeline/kafka/transaction-apis.ts';
import { RawClient } from './raw-client.ts';
import { type TestBatch, testBatch } from './test-records.ts';

const topic = 'durable';
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-kill-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** A broker in its own process. */
async function startProcess(): Promise<{ readonly bootstrap: string; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'broker-process.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { bootstrap } = JSON.parse(line) as { bootstrap: string };
  return { bootstrap, child };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function createTopic(client: RawClient): Promise<void> {
  const wanted = { topic, partitionCount: 1, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(createTopics, 7, { topics: [wanted], timeoutMs: 1000 });
}

async function send(client: RawClient, batch: TestBatch, transactionalId: string | null = null) {
  const topics = [{ topic, partitions: [{ partition: 0, records: testBatch(batch) }] }];
  const answer = await client.call(produce, 9, { transactionalId, acks: -1, timeoutMs: 1000, topics });
  return answer.topics[0]?.partitions[0];
}

/** The values that a reader sees from the start; `committedOnly` leaves out aborted batches as a client does. */
async function readValues(client: RawClient, committedOnly: boolean): Promise<readonly string[]> {
  const read: string[] = [];
  for (let offset = 0; ; ) {
    const partition = { partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 };
    const answer = await client.call(fetch, 11, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000_000,
      isolationLevel: committedOnly ? 1 : 0,
      topics: [{ topic, partitions: [partition] }],
    });
    const { records, abortedTransactions } = answer.topics[0]?.partitions[0] ?? {};
    if (!records?.length) return read;
    const aborted = [...(abortedTransactions ?? [])];
    for (let at = 0; at < records.length; ) {
      const header = readBatchHeader(records, at);
      if (header === undefined) throw new Error('Cannot read a fetched batch');
      const batch = records.subarray(at, at + header.bytes);
      const inAborted = aborted.findIndex(
        ({ producerId, firstOffset }) => producerId === header.producerId && firstOffset <= header.baseOffset,
      );
      if (header.control) aborted.splice(inAborted, inAborted < 0 ? 0 : 1);
      else if (inAborted < 0) read.push(...(readRecords(batch) ?? []).map((record) => valueIn(record.bytes)));
      at += header.bytes;
      offset = header.lastOffset + 1;
    }
  }
}

/** Test values are the only text in a record without key and headers. */
function valueIn(record: Buffer): string {
  return /value-[\w-]+/.exec(record.toString('latin1'))?.[0] ?? '';
}

test('startKafkaBroker after kill -9 has every acknowledged idempotent batch once and in order', async () => {
  const first = await startProcess();
  const client = await RawClient.connect(first.bootstrap);
  await createTopic(client);
  const { producerId, producerEpoch } = await client.call(initProducerId, 4, {
    transactionalId: null,
    transactionTimeoutMs: 1000,
  });
  const batch = (at: number) => ({ values: [`value-${at}`], producerId, producerEpoch, baseSequence: at });
  const acknowledged: number[] = [];
  const produceUntilKilled = async () => {
    for (let at = 0; ; at += 1) {
      if ((await send(client, batch(at)))?.errorCode !== errorCode.none) return;
      acknowledged.push(at);
    }
  };
  const producing = produceUntilKilled().catch(() => {});
  await sleep(300);
  await kill(first.child);
  await producing;
  const second = await startProcess();
  const again = await RawClient.connect(second.bootstrap);
  // The producer does not know about its last batch and sends it again, as idempotent producers do.
  const last = acknowledged.length;
  expect((await send(again, batch(last)))?.errorCode).toBe(errorCode.none);
  expect((await send(again, batch(last + 1)))?.errorCode).toBe(errorCode.none);
  const expected = Array.from({ length: last + 2 }, (_, at) => `value-${at}`);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(await readValues(again, false)).toEqual(expected);
  await kill(second.child);
});

test('startKafkaBroker after kill -9 shows committed transactions whole and aborted ones not at all', async () => {
  const first = await startProcess();
  const client = await RawClient.connect(first.bootstrap);
  await createTopic(client);
  const transactionalId = 'killed';
  const { producerId, producerEpoch } = await client.call(initProducerId, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
  });
  const identity = { transactionalId, producerId, producerEpoch };
  const committed: number[] = [];
  const runUntilKilled = async () => {
    for (let at = 0, baseSequence = 0; ; at += 1) {
      await client.call(addPartitionsToTxn, 3, { ...identity, topics: [{ topic, partitions: [0] }] });
      const isCommitted = at % 2 === 0;
      for (const half of ['a', 'b']) {
        const values = [`value-${isCommitted ? 'commit' : 'abort'}-${at}-${half}`];
        const batch = { values, producerId, producerEpoch, baseSequence, transactional: true };
        await send(client, batch, transactionalId);
        baseSequence += 1;
      }
      const { errorCode: code } = await client.call(endTxn, 3, { ...identity, committed: isCommitted });
      if (code === errorCode.none && isCommitted) committed.push(at);
    }
  };
  const running = runUntilKilled().catch(() => {});
  await sleep(300);
  await kill(first.child);
  await running;
  const second = await startProcess();
  const again = await RawClient.connect(second.bootstrap);
  // The next run of the producer ends what the last one left open.
  const next = await again.call(initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 });
  expect(next.producerEpoch).toBeGreaterThan(producerEpoch);
  const values = await readValues(again, true);
  const expected = committed.flatMap((at) => [`value-commit-${at}-a`, `value-commit-${at}-b`]);
  expect(committed.length).toBeGreaterThan(0);
  expect(values.filter((value) => !value.includes('commit'))).toEqual([]);
  expect(values.slice(0, expected.length)).toEqual(expected);
  // The commit whose answer was lost may have happened, and then it is whole.
  expect([0, 2]).toContain(values.length - expected.length);
  await kill(second.child);
});

test('startKafkaBroker after kill -9 has topics, settings and committed offsets', async () => {
  const first = await startProcess();
  const client = await RawClient.connect(first.bootstrap);
  const configs = [{ name: 'retention.ms', value: '777' }];
  const wanted = { topic, partitionCount: 3, replicationFactor: 1, assignments: [], configs };
  await client.call(createTopics, 7, { topics: [wanted], timeoutMs: 1000 });
  const offset = { partition: 2, committedOffset: 5, committedMetadata: 'note' };
  const topics = [{ topic, partitions: [offset] }];
  await client.call(offsetCommit, 8, { groupId: 'group', generationId: -1, memberId: '', topics });
  await kill(first.child);
  const second = await startProcess();
  const again = await RawClient.connect(second.bootstrap);
  const described = await again.call(metadata, 12, { topics: [{ topic }] });
  expect(described.topics[0]?.partitions).toHaveLength(3);
  const resource = { resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] };
  const { resources } = await again.call(describeConfigs, 4, { resources: [resource], includeSynonyms: false });
  expect(resources[0]?.configs).toMatchObject([{ name: 'retention.ms', value: '777' }]);
  const groups = [{ groupId: 'group', topics: null }];
  const committed = await again.call(offsetFetch, 8, { groups });
  expect(committed.groups[0]?.topics).toMatchObject([
    { topic, partitions: [{ partition: 2, committedOffset: 5, metadata: 'note' }] },
  ]);
  await kill(second.child);
});

describe('a data directory that a crash or a power cut has damaged', () => {
  async function write(count: number): Promise<string> {
    const broker = await startKafkaBroker({ dir });
    const client = await RawClient.connect(broker.bootstrap);
    await createTopic(client);
    for (let at = 0; at < count; at += 1) await send(client, { values: [`value-${at}`] });
    client.close();
    await broker.stop();
    const [folder = ''] = await readdir(join(dir, 'topics'));
    return join(dir, 'topics', folder, '0');
  }

  async function readAgain(): Promise<{ readonly values: readonly string[]; readonly nextOffset: number | undefined }> {
    const broker = await startKafkaBroker({ dir });
    const client = await RawClient.connect(broker.bootstrap);
    const values = await readValues(client, false);
    const nextOffset = (await send(client, { values: ['value-next'] }))?.baseOffset;
    client.close();
    await broker.stop();
    return { values, nextOffset };
  }

  const logFile = '00000000000000000000.log';

  test('startKafkaBroker cuts a torn tail and goes on after the last whole batch', async () => {
    const folder = await write(3);
    await rm(join(folder, 'checkpoint.json'));
    await appendFile(join(folder, logFile), testBatch({ values: ['value-torn'] }).subarray(0, 70));
    expect(await readAgain()).toEqual({ values: ['value-0', 'value-1', 'value-2'], nextOffset: 3 });
  });

  test('startKafkaBroker cuts from a batch whose checksum is wrong', async () => {
    const folder = await write(2);
    await rm(join(folder, 'checkpoint.json'));
    const broken = testBatch({ values: ['value-broken'] });
    broken.writeBigInt64BE(2n, 0);
    broken.writeUInt8(broken.readUInt8(broken.length - 3) ^ 0xff, broken.length - 3);
    await appendFile(join(folder, logFile), broken);
    expect(await readAgain()).toEqual({ values: ['value-0', 'value-1'], nextOffset: 2 });
  });

  test('startKafkaBroker rebuilds a lost index', async () => {
    const folder = await write(3);
    await truncate(join(folder, logFile.replace('log', 'index')));
    expect((await readAgain()).values).toEqual(['value-0', 'value-1', 'value-2']);
  });

  test('startKafkaBroker drops the torn last line of a journal', async () => {
    await write(1);
    await appendFile(join(dir, 'topics.journal'), '{"topic":"half');
    expect((await readAgain()).values).toEqual(['value-0']);
  });
});

test('startKafkaBroker refuses a directory that another broker has, in one line', async () => {
  const first = await startProcess();
  const refusal = await startKafkaBroker({ dir }).catch((error: Error) => error);
  expect(refusal).toMatchObject({ name: 'HostError' });
  expect(String(refusal)).toMatch(new RegExp(`^HostError: Cannot keep topics in .*process ${first.child.pid}[^\\n]*$`));
  await kill(first.child);
  await (await startKafkaBroker({ dir })).stop();
});

test('startKafkaBroker refuses a directory that cannot be made and a port that is taken', async () => {
  const file = join(dir, 'file');
  await writeFile(file, '');
  await expect(startKafkaBroker({ dir: join(file, 'below') })).rejects.toThrow(/^Cannot keep topics in .*[^\n]*$/);
  const broker = await startKafkaBroker({ dir });
  const other = join(dir, 'other');
  await expect(startKafkaBroker({ dir: other, port: broker.port })).rejects.toThrow(
    /^Cannot listen on .*another process/,
  );
  await expect(startKafkaBroker({ dir: other }).then((one) => one.stop())).resolves.toBeUndefined();
  await broker.stop();
});
