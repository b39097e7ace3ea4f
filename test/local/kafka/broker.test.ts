/** How the broker starts and stops. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { startKafkaBroker } from '../../../local/kafka/broker.ts';
import { fetch, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { joinGroup } from '../../../pipeline/kafka/group-apis.ts';
import { readBatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import { createTopics, incrementalAlterConfigs, metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { RawClient } from './raw-client.ts';
import { changedBatch, testBatch } from './test-records.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-broker-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(dir, { recursive: true });
});

const wanted = { partitionCount: -1, replicationFactor: -1, assignments: [], configs: [] };

test('startKafkaBroker creates topics on demand only when it is told to', async () => {
  const ask = { topics: [{ topic: 'new' }], allowAutoTopicCreation: true };
  const strict = await startKafkaBroker({ dir });
  const first = await RawClient.connect(strict.bootstrap);
  const unknown = await first.call(metadata, 12, ask);
  expect(unknown.topics[0]?.errorCode).toBe(errorCode.unknownTopicOrPartition);
  await strict.stop();
  const lenient = await startKafkaBroker({ dir, autoCreateTopics: true, defaultPartitions: 3 });
  const second = await RawClient.connect(lenient.bootstrap);
  const created = await second.call(metadata, 12, ask);
  expect(created.topics).toMatchObject([{ errorCode: errorCode.none, topic: 'new' }]);
  expect(created.topics[0]?.partitions).toHaveLength(3);
  expect((await second.call(metadata, 12, { ...ask, topics: [{ topic: 'a b' }] })).topics[0]?.errorCode).toBe(
    errorCode.invalidTopicException,
  );
  await lenient.stop();
});

test('KafkaBroker.stop ends requests that wait, may be repeated, and gives the directory back', async () => {
  const warn = jest.spyOn(process, 'emitWarning');
  const broker = await startKafkaBroker({ dir });
  const [reader, member, writer] = await Promise.all([1, 2, 3].map(() => RawClient.connect(broker.bootstrap)));
  await writer?.call(createTopics, 7, { topics: [{ topic: 'a', ...wanted }], timeoutMs: 1000 });
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  reader?.send(fetch, 11, {
    maxWaitMs: 200,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    topics: [{ topic: 'a', partitions }],
  });
  member?.send(joinGroup, 2, {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 200,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  });
  broker.faults.add({ api: 'Produce', effect: { kind: 'delay', delayMs: 200 } });
  const records = testBatch({ values: ['late'] });
  const topics = [{ topic: 'a', partitions: [{ partition: 0, records }] }];
  writer?.send(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topics });
  await sleep(50);
  await Promise.all([broker.stop(), broker.stop()]);
  const again = await startKafkaBroker({ dir });
  await sleep(300);
  const client = await RawClient.connect(again.bootstrap);
  const answer = await client.call(fetch, 11, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    topics: [{ topic: 'a', partitions }],
  });
  expect(answer.topics[0]?.partitions[0]).toMatchObject({ errorCode: errorCode.none, highWatermark: 0 });
  expect(warn).not.toHaveBeenCalled();
  await again.stop();
});

test('startKafkaBroker that fails on its files gives port and directory back', async () => {
  const journal = join(dir, 'topics.journal');
  await writeFile(journal, 'not json\n');
  await expect(startKafkaBroker({ dir })).rejects.toThrow(/^Cannot read line 1 of ".*topics.journal": [^\n]*$/);
  await rm(journal);
  await expect(startKafkaBroker({ dir }).then((broker) => broker.stop())).resolves.toBeUndefined();
});

test('startKafkaBroker compacts a topic although the one before it has a batch that does not decompress', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const first = await startKafkaBroker({ dir });
  await createLarge(first.bootstrap, 'bad', 'delete');
  await first.stop();
  const [path = ''] = await logsOf('bad');
  const log = await readFile(path);
  const damaged = changedBatch(log.subarray(0, readBatchHeader(log)?.bytes), { attributes: 1 });
  await writeFile(path, Buffer.concat([damaged, log.subarray(damaged.length)]));
  const second = await startKafkaBroker({ dir });
  const client = await RawClient.connect(second.bootstrap);
  const configs = [{ name: 'cleanup.policy', operation: 0, value: 'compact' }];
  const resources = [{ resourceType: 2, resourceName: 'bad', configs }];
  await client.call(incrementalAlterConfigs, 1, { resources, validateOnly: false });
  await createLarge(second.bootstrap, 'good', 'compact');
  // The broker tidies up once a second.
  for (let tries = 0; tries < 200 && (await bytesOf('good')) >= largeBytes; tries += 1) await sleep(50);
  expect(await bytesOf('good')).toBeLessThan(largeBytes);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/Cannot tidy up ".*bad-.*": Error: incorrect header check/));
  await second.stop();
});

const largeBytes = 3_000_000;

/** A topic with several segments of the smallest size, all records with the same key. */
async function createLarge(bootstrap: string, topic: string, policy: string): Promise<void> {
  const client = await RawClient.connect(bootstrap);
  const settings = { 'cleanup.policy': policy, 'segment.bytes': '1048576', 'min.cleanable.dirty.ratio': '0.01' };
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await client.call(createTopics, 7, { topics: [{ topic, ...wanted, configs }], timeoutMs: 1000 });
  for (let at = 0; at < 6; at += 1) {
    const partitions = [{ partition: 0, records: testBatch({ key: 'k', values: ['x'.repeat(largeBytes / 6)] }) }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics: [{ topic, partitions }] };
    await client.call(produce, 9, request);
  }
  client.close();
}

async function logsOf(topic: string): Promise<readonly string[]> {
  const folder = (await readdir(join(dir, 'topics'))).find((name) => name.startsWith(topic)) ?? '';
  const names = await readdir(join(dir, 'topics', folder, '0'));
  const logs = names.filter((name) => name.endsWith('.log')).toSorted();
  return logs.map((name) => join(dir, 'topics', folder, '0', name));
}

/** Files may go while they are counted. */
async function bytesOf(topic: string): Promise<number> {
  const sizes = (await logsOf(topic)).map((path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
