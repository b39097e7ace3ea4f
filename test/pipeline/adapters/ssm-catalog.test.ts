import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type AwsEndpoint, startAwsEndpoint } from '../../../local/aws/aws-endpoint.ts';
import { s3ObjectStore } from '../../../pipeline/adapters/s3-object-store.ts';
import { ssmCatalog } from '../../../pipeline/adapters/ssm-catalog.ts';
import { ORDER_VERSION_ID, orderContract } from '../ingest/order-events.ts';

const PATH = '/headrace/events';

let folder: string;
let aws: AwsEndpoint;
let s3: S3Client;
/** Commands that SSM was sent, and whether it answers. */
let calls = 0;
let down = false;

const options = () => ({
  endpoint: aws.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

function ssm(): SSMClient {
  const client = new SSMClient(options());
  client.middlewareStack.add((next) => async (args) => {
    calls++;
    if (down) {
      throw new Error('SSM is down');
    }
    return next(args);
  });
  return client;
}

const publish = (schemaVersionIds: string[], contractKey = 'contract.json'): void =>
  aws.parameters.put(
    `${PATH}/order_created`,
    'String',
    JSON.stringify({ contractBucket: 'assets', contractKey, schemaVersionIds }),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-catalog-'));
  aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
  s3 = new S3Client(options());
  await s3.send(new CreateBucketCommand({ Bucket: 'assets' }));
  await s3ObjectStore('assets', s3).put('contract.json', Buffer.from(JSON.stringify(orderContract)));
  await s3ObjectStore('assets', s3).put('newer.json', Buffer.from('{"format":99}'));
});
beforeEach(() => {
  calls = 0;
  down = false;
  publish([ORDER_VERSION_ID]);
});
afterAll(async () => {
  await aws.close();
  await rm(folder, { recursive: true });
});

test('ssmCatalog: finds a deployed event, asks once a minute, and keeps the entry while nothing changed', async () => {
  let now = 0;
  const catalog = ssmCatalog(PATH, () => now, ssm(), s3);
  const entry = await catalog.find('order_created');
  expect(entry).toEqual({ contract: orderContract, schemaVersionIds: [ORDER_VERSION_ID] });
  now = 59_999;
  expect(await catalog.find('order_created')).toBe(entry);
  expect(calls).toBe(1);
  now = 60_000;
  expect(await catalog.find('order_created')).toBe(entry);
  expect(calls).toBe(2);
  publish([ORDER_VERSION_ID, 'second']);
  now = 120_000;
  expect((await catalog.find('order_created'))?.schemaVersionIds).toEqual([ORDER_VERSION_ID, 'second']);
});

test('ssmCatalog: an event that is not deployed is found within seconds of its deployment', async () => {
  let now = 0;
  const catalog = ssmCatalog(`${PATH}/elsewhere`, () => now, ssm(), s3);
  expect(await catalog.find('order_created')).toBeUndefined();
  aws.parameters.put(
    `${PATH}/elsewhere/order_created`,
    'String',
    JSON.stringify({ contractBucket: 'assets', contractKey: 'contract.json', schemaVersionIds: [ORDER_VERSION_ID] }),
  );
  now = 4_999;
  expect(await catalog.find('order_created')).toBeUndefined();
  now = 5_000;
  expect((await catalog.find('order_created'))?.contract.event).toBe('order_created');
});

test.each(['__proto__', 'Order', 'a/b', '../secrets', 'a b', ''])(
  'ssmCatalog: %j is no event’s name, and SSM is not asked',
  async (name) => {
    expect(await ssmCatalog(PATH, () => 0, ssm(), s3).find(name)).toBeUndefined();
    expect(calls).toBe(0);
  },
);

test('ssmCatalog: known events outlive an SSM that is down, unknown ones are an error', async () => {
  let now = 0;
  const catalog = ssmCatalog(PATH, () => now, ssm(), s3);
  const entry = await catalog.find('order_created');
  down = true;
  now = 100_000;
  expect(await catalog.find('order_created')).toBe(entry);
  await expect(catalog.find('flight_departed')).rejects.toThrow('SSM is down');
  now = 104_999;
  await catalog.find('order_created');
  expect(calls).toBe(3);
  down = false;
  now = 105_000;
  expect(await catalog.find('order_created')).toBe(entry);
  expect(calls).toBe(4);
});

test('ssmCatalog: a contract of a newer format is an error that says what to do', async () => {
  publish([ORDER_VERSION_ID], 'newer.json');
  await expect(ssmCatalog(PATH, () => 0, ssm(), s3).find('order_created')).rejects.toThrow(
    'it has format 99, allowed is 2; deploy the platform and the event with one version',
  );
});
