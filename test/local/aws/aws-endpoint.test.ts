import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetBootstrapBrokersCommand, KafkaClient } from '@aws-sdk/client-kafka';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, paginateGetParametersByPath, SSMClient } from '@aws-sdk/client-ssm';
import { type AwsEndpoint, startAwsEndpoint } from '../../../local/aws/aws-endpoint.ts';
import { HostError } from '../../../local/host-error.ts';
import { temporaryFolder } from '../fixture-assembly.ts';

const Bucket = 'lake';
let dataDir: string;
let endpoint: AwsEndpoint;
let s3: S3Client;
let sqs: SQSClient;

const clientOptions = () => ({
  endpoint: endpoint.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

async function start(): Promise<void> {
  endpoint = await startAwsEndpoint({ dataDir, port: 0 });
  endpoint.objects.createBucket(Bucket);
  s3 = new S3Client(clientOptions());
  sqs = new SQSClient(clientOptions());
}

beforeEach(async () => {
  dataDir = temporaryFolder();
  await start();
});
afterEach(async () => {
  s3.destroy();
  sqs.destroy();
  await endpoint.close();
});

const put = (Key: string, Body: string | Uint8Array = 'x', IfNoneMatch?: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...(IfNoneMatch && { IfNoneMatch }) }));
const get = async (Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
/** Bodies of the messages that are in the queue now. */
const drain = async (arn: string) => {
  const bodies: string[] = [];
  for (;;) {
    const messages = await endpoint.queues.receive(arn, 0);
    if (messages.length === 0) return bodies;
    bodies.push(...messages.map(({ body }) => body));
  }
};
const notifiedKeys = (bodies: readonly string[]): string[] =>
  bodies
    .map((body) => JSON.parse(body) as { Records?: { s3: { object: { key: string } } }[] })
    .flatMap(({ Records = [] }) => Records.map((record) => record.s3.object.key));

test('PutObject with If-None-Match lets one of many writers create the object', async () => {
  const writers = Array.from({ length: 20 }, (_, writer) => put('commits/0/1.json', `writer ${writer}`, '*'));
  const outcomes = await Promise.allSettled(writers);
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
  const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
  expect(refusals).toHaveLength(19);
  expect(new Set(refusals.map(({ name, $metadata }) => `${name} ${$metadata.httpStatusCode}`))).toEqual(
    new Set(['PreconditionFailed 412']),
  );
  expect(String(await get('commits/0/1.json'))).toBe(`writer ${winner}`);
});

test('CompleteMultipartUpload with If-None-Match does not replace an object', async () => {
  const upload = async (IfNoneMatch?: string) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = { Bucket, Key: 'parts', UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'one part' }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    const request = { Bucket, Key: 'parts', UploadId, MultipartUpload };
    return s3.send(new CompleteMultipartUploadCommand({ ...request, ...(IfNoneMatch && { IfNoneMatch }) }));
  };
  await upload('*');
  await expect(upload('*')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await upload();
  expect(String(await get('parts'))).toBe('one part');
});

test('PutObject refuses conditions that it would not keep', async () => {
  const request = new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', IfMatch: '"etag"' });
  await expect(s3.send(request)).rejects.toMatchObject({ name: 'NotImplemented' });
});

test('ListObjectsV2 pages through keys in byte order', async () => {
  const keys = ['a-1', 'a.1', 'a/1', 'a/10', 'a/2', 'a1', 'aB', 'ab', 'a\u{e000}', 'a\u{1f600}', 'á', 'b'];
  for (const key of [...keys].reverse()) await put(key);
  const list = async (StartAfter: string | undefined, MaxKeys: number) => {
    const found: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'a', MaxKeys, StartAfter, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  };
  const expected = keys
    .filter((key) => key.startsWith('a'))
    .sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  expect(await list(undefined, 1000)).toEqual(expected);
  expect(await list(undefined, 2)).toEqual(expected);
  expect(await list('a/1', 3)).toEqual(expected.slice(expected.indexOf('a/1') + 1));
  const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
  expect(folders.CommonPrefixes).toEqual([{ Prefix: 'a/' }]);
});

test('an object is a file of its key, and a large one comes back as it was sent', async () => {
  const body = Buffer.alloc(12 * 1024 * 1024, 'headrace');
  const key = `data/${'long'.repeat(40)}/é x+1.parquet`;
  await put(key, body);
  expect((await get(key)).equals(body)).toBe(true);
  expect(existsSync(join(dataDir, 's3', Bucket, key))).toBe(true);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
  await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test.each(['../outside', 'a//b', 'a/./b', 'folder/', 'taken/below'])('PutObject refuses the key %s', async (key) => {
  await put('taken');
  await expect(put(key)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('PutObject notifies the queues whose rule fits, with the key form-encoded', async () => {
  const { arn } = endpoint.queues.ensure('loads', endpoint.url, {});
  const rule = { queueArn: arn, event: 's3:ObjectCreated:*', prefix: 'commits/', suffix: '.json' };
  endpoint.setNotifications(Bucket, [rule], true);
  expect((await drain(arn)).map((body) => JSON.parse(body).Event)).toEqual(['s3:TestEvent']);
  await put('commits/a b+é.json', 'twelve bytes');
  await put('commits/a.txt');
  await put('data/a.json');
  const bodies = await drain(arn);
  expect(bodies.map((body) => JSON.parse(body).Records)).toEqual([
    [
      expect.objectContaining({
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: expect.objectContaining({
          bucket: expect.objectContaining({ name: Bucket, arn: 'arn:aws:s3:::lake' }),
          object: expect.objectContaining({ key: 'commits/a+b%2B%C3%A9.json', size: 12 }),
        }),
      }),
    ],
  ]);
});

test('objects, queues and messages survive a restart, and messages in flight are free again', async () => {
  const { arn } = endpoint.queues.ensure('work', endpoint.url, { VisibilityTimeout: '600' });
  endpoint.queues.send(arn, 'in flight');
  endpoint.queues.send(arn, 'deleted');
  const received = await endpoint.queues.receive(arn, 0);
  const done = received.find(({ body }) => body === 'deleted');
  endpoint.queues.delete(arn, done?.receiptHandle ?? '');
  await put('data/1', 'old');
  await put('data/1', 'new');
  await endpoint.close();
  await start();
  const { url } = endpoint.queues.ensure('work', endpoint.url, { VisibilityTimeout: '600' });
  expect(url.startsWith(endpoint.url)).toBe(true);
  const [again, ...others] = await endpoint.queues.receive(arn, 0);
  expect(others).toEqual([]);
  expect(again?.body).toBe('in flight');
  expect(again?.attributes.ApproximateReceiveCount).toBe('2');
  expect(String(await get('data/1'))).toBe('new');
});

test('a queue moves a message to its dead-letter queue after maxReceiveCount receives', async () => {
  const dead = endpoint.queues.ensure('dead', endpoint.url, {});
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
  const work = endpoint.queues.ensure('work', endpoint.url, { VisibilityTimeout: '0', RedrivePolicy });
  endpoint.queues.send(work.arn, 'poison');
  for (const _ of [1, 2]) expect(await endpoint.queues.receive(work.arn, 0)).toHaveLength(1);
  expect(await endpoint.queues.receive(work.arn, 0)).toHaveLength(0);
  expect(await drain(dead.arn)).toEqual(['poison']);
});

test('ensure gives a queue the attributes of the template, and no older ones', async () => {
  const { arn, url: QueueUrl } = endpoint.queues.ensure('work', endpoint.url, { VisibilityTimeout: '600' });
  endpoint.queues.send(arn, 'stays');
  endpoint.queues.ensure('work', endpoint.url, { DelaySeconds: '3' });
  const request = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  const { Attributes } = await sqs.send(request);
  expect(Attributes).toMatchObject({ VisibilityTimeout: '30', DelaySeconds: '3', ApproximateNumberOfMessages: '1' });
});

test('SQS clients send, receive and give a message back', async () => {
  const { url: QueueUrl } = endpoint.queues.ensure('work', endpoint.url, { VisibilityTimeout: '600' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
  const receive = () => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 }));
  const [first] = (await receive()).Messages ?? [];
  expect((await receive()).Messages ?? []).toEqual([]);
  const ReceiptHandle = first?.ReceiptHandle;
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  expect((await receive()).Messages?.map(({ Body }) => Body)).toEqual(['hello']);
});

test('SSM clients read parameters, page by page', async () => {
  const ssm = new SSMClient(clientOptions());
  const names = Array.from({ length: 25 }, (_, index) => `/headrace/events/e${String(index).padStart(2, '0')}`);
  for (const name of names) endpoint.parameters.put(name, 'String', `value of ${name}`);
  endpoint.parameters.put('/headrace/events/deeper/x', 'String', 'deep');
  const found: (string | undefined)[] = [];
  for await (const page of paginateGetParametersByPath({ client: ssm }, { Path: '/headrace/events' })) {
    found.push(...(page.Parameters ?? []).map(({ Name }) => Name));
  }
  expect(found).toEqual(names);
  const one = await ssm.send(new GetParameterCommand({ Name: '/headrace/events/e03' }));
  expect(one.Parameter?.Value).toBe('value of /headrace/events/e03');
  await expect(ssm.send(new GetParameterCommand({ Name: '/none' }))).rejects.toMatchObject({
    name: 'ParameterNotFound',
  });
  ssm.destroy();
});

test('MSK clients read the bootstrap brokers of a cluster of the templates', async () => {
  const kafka = new KafkaClient(clientOptions());
  const ClusterArn = 'arn:aws:kafka:us-east-1:000000000000:cluster/headrace/00000000-0000-4000-8000-000000000000-1';
  endpoint.clusters.set(ClusterArn, '127.0.0.1:9092');
  const answer = await kafka.send(new GetBootstrapBrokersCommand({ ClusterArn }));
  expect(answer.BootstrapBrokerStringSaslIam).toBe('127.0.0.1:9092');
  await expect(kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: `${ClusterArn}2` }))).rejects.toThrow(
    'no such cluster',
  );
  kafka.destroy();
});

test('responses takes the answer of a custom resource once', async () => {
  const { path, response } = endpoint.responses.open();
  const send = () => fetch(endpoint.url + path, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS' }) });
  expect((await send()).status).toBe(200);
  expect(await response).toEqual({ Status: 'SUCCESS' });
  expect((await send()).status).toBe(404);
});

test('startAwsEndpoint says in one line that its port is taken', async () => {
  const port = Number(new URL(endpoint.url).port);
  await expect(startAwsEndpoint({ dataDir: temporaryFolder(), port })).rejects.toThrow(
    new HostError(
      `Cannot listen on "127.0.0.1:${port}": another process uses it, choose another port or 0 for a free one`,
    ),
  );
});

test('every stored object has its notification when the process is killed while it writes', async () => {
  const dir = temporaryFolder();
  const module = pathToFileURL(join(import.meta.dirname, '../../../local/aws/aws-endpoint.ts')).href;
  const script = `
    import { startAwsEndpoint } from ${JSON.stringify(module)};
    const endpoint = await startAwsEndpoint({ dataDir: ${JSON.stringify(dir)}, port: 0 });
    endpoint.objects.createBucket('lake');
    const { arn } = endpoint.queues.ensure('loads', endpoint.url, {});
    endpoint.setNotifications('lake', [{ queueArn: arn, event: 's3:ObjectCreated:*', prefix: '', suffix: '' }], false);
    console.log('ready');
    for (let n = 0; ; n++) {
      endpoint.objects.putObject('lake', 'commits/' + n, Buffer.from('body of ' + n));
      if (n % 50 === 0) await new Promise(setImmediate);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 150));
  child.kill('SIGKILL');
  await once(child, 'exit');

  const restarted = await startAwsEndpoint({ dataDir: dir, port: 0 });
  const { objects } = restarted.objects.listObjects('lake', { maxKeys: 1_000_000 });
  const messages: string[] = [];
  for (;;) {
    const batch = await restarted.queues.receive('arn:aws:sqs:us-east-1:000000000000:loads', 0);
    if (batch.length === 0) break;
    messages.push(...batch.map(({ body }) => body));
  }
  expect(objects.length).toBeGreaterThan(0);
  expect(notifiedKeys(messages).sort()).toEqual(objects.map(({ key }) => key).sort());
  for (const { key } of objects) {
    expect(String(restarted.objects.getObject('lake', key).body)).toBe(`body of ${key.slice('commits/'.length)}`);
  }
  await restarted.close();
});
