/** How the broker starts and stops. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafkaBroker } from '../../../local/kafka/broker.ts';
import { fetch, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { joinGroup } from '../../../pipeline/kafka/group-apis.ts';
import { createTopics, metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { RawClient } from './raw-client.ts';
import { testBatch } from './test-records.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-broker-'));
});
afterEach(() => rm(dir, { recursive: true }));

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
  const warnings: unknown[] = [];
  const listener = (warning: unknown) => warnings.push(warning);
  process.on('warning', listener);
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
  expect(warnings).toEqual([]);
  process.off('warning', listener);
  await again.stop();
});

test('startKafkaBroker that fails on its files gives port and directory back', async () => {
  const journal = join(dir, 'topics.journal');
  await writeFile(journal, 'not json\n');
  await expect(startKafkaBroker({ dir })).rejects.toThrow();
  await rm(journal);
  await expect(startKafkaBroker({ dir }).then((broker) => broker.stop())).resolves.toBeUndefined();
});
