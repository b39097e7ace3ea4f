import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { startAwsEndpoint } from '../../local/aws/aws-endpoint.ts';
import { openDataFolder } from '../../local/data-folder.ts';
import { writeHostRecord } from '../../local/host-record.ts';
import { openHostParts } from '../../local/open-parts.ts';
import { kafkaTopicReader } from '../../pipeline/adapters/kafka-topic-reader.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-parts-'));
});
afterEach(() => rm(folder, { recursive: true }));

const RECORD = {
  pid: process.pid,
  ingestUrl: 'http://127.0.0.1:1/v1/events',
  awsEndpoint: 'http://127.0.0.1:2',
  kafka: { brokers: '127.0.0.1:3', clientProperties: '' },
  ownsKafka: true,
  warehousePath: '/somewhere/warehouse.duckdb',
  metricsUrl: '',
  outputs: { 'Event-order-created': { LakeBucketName: 'lake' } },
  parameters: { '/headrace/events/order_created': '{}' },
};
const client = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
});

test('openHostParts: says how to start a pipeline where none has run', async () => {
  await expect(openHostParts(folder)).rejects.toThrow(`Cannot find a pipeline in "${folder}": it has no host.json`);
});

test('openHostParts: gives the addresses of the host that runs, and none while it starts', async () => {
  const data = openDataFolder(folder);
  try {
    writeHostRecord(folder, RECORD);
    const parts = await openHostParts(folder);
    expect(parts).toMatchObject({ isRunning: true, awsEndpoint: RECORD.awsEndpoint, kafka: RECORD.kafka });
    await parts.close();
    await writeFile(join(folder, 'host.pid'), '1');
    await expect(openHostParts(folder)).rejects.toThrow('process 1 is busy with it');
  } finally {
    data.unlock();
  }
});

test('openHostParts: starts S3, SSM and Kafka on the data of a host that has ended, and keeps others out', async () => {
  const aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
  const s3 = new S3Client(client(aws.url));
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await s3ObjectStore('lake', s3).put('data/1', Buffer.from('hello'));
  await aws.close();
  writeHostRecord(folder, RECORD);
  const parts = await openHostParts(folder);
  const reader = kafkaTopicReader(parts.kafka);
  try {
    expect(parts).toMatchObject({ isRunning: false, warehousePath: join(folder, 'warehouse.duckdb') });
    const lake = s3ObjectStore('lake', new S3Client(client(parts.awsEndpoint)));
    expect(Buffer.from(await lake.get('data/1')).toString()).toBe('hello');
    const ssm = new SSMClient(client(parts.awsEndpoint));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/headrace/events/order_created' }));
    expect(Parameter?.Value).toBe('{}');
    expect(() => openDataFolder(folder)).toThrow('stop that one first');
  } finally {
    await reader.close();
    await parts.close();
  }
  openDataFolder(folder).unlock();
});
