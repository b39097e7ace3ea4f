import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaBroker, startKafkaBroker } from '../../local/kafka/broker.ts';
import { TopicAdmin } from '../../local/topic-admin.ts';

let dir: string;
let broker: KafkaBroker;
let admin: TopicAdmin;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'headrace-topics-'));
  broker = await startKafkaBroker({ dir });
  admin = new TopicAdmin({ brokers: broker.bootstrap, clientProperties: '' });
  await admin.connect();
});
afterAll(async () => {
  await admin.close();
  await broker.stop();
  await rm(dir, { recursive: true });
});

test('TopicAdmin: ensure waits for a broker that has not heard of the new topic yet, as in clusters', async () => {
  const effect = { kind: 'fail', error: 'unknownTopicOrPartition' } as const;
  broker.faults.add({ api: 'Metadata', topic: 'new', times: 2, effect });
  const declared = { name: 'new', partitions: 2, replicationFactor: 3, configs: { 'retention.ms': '60000' } };
  await expect(admin.ensure(declared)).resolves.toBeUndefined();
  await expect(admin.ensure(declared)).resolves.toBeUndefined();
});
