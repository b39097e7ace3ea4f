/** Failures of S3, SQS and SSM on demand, as clients and event source mappings meet them. */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type AwsEndpoint, startAwsEndpoint } from '../../../local/aws/aws-endpoint.ts';
import type { RequestEffect } from '../../../local/aws/request-faults.ts';
import { temporaryFolder } from '../fixture-assembly.ts';

const Bucket = 'lake';
let aws: AwsEndpoint;
let s3: S3Client;
let arn: string;
let url: string;

const options = () => ({
  endpoint: aws.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

beforeEach(async () => {
  aws = await startAwsEndpoint({ dataDir: temporaryFolder(), port: 0 });
  aws.objects.createBucket(Bucket);
  ({ arn, url } = aws.queues.ensure('load', aws.url, { VisibilityTimeout: '600' }));
  aws.setNotifications(Bucket, [{ queueArn: arn, event: 's3:ObjectCreated:*', prefix: 'commits/', suffix: '' }], false);
  s3 = new S3Client(options());
});
afterEach(async () => {
  s3.destroy();
  await aws.close();
});

const put = (Key: string, IfNoneMatch?: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...(IfNoneMatch && { IfNoneMatch }) }));
const exists = async (Key: string): Promise<boolean> => {
  const found = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: unknown) => error);
  return !(found instanceof NoSuchKey);
};
const nextFault = (): Promise<void> =>
  new Promise((resolve) => {
    aws.faults.requests.onTaken = () => resolve();
  });
const failure = (work: Promise<unknown>): Promise<Record<string, unknown>> =>
  work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error) => error,
  );

test.each<[string, RequestEffect, boolean]>([
  ['fail', { kind: 'fail', status: 503, code: 'SlowDown' }, false],
  ['fail after', { kind: 'fail', status: 500, code: 'InternalError', when: 'after' }, true],
  ['drop', { kind: 'drop' }, false],
  ['drop after', { kind: 'drop', when: 'after' }, true],
  ['hang', { kind: 'hang' }, false],
  ['hang after', { kind: 'hang', when: 'after' }, true],
])('RequestFaults: %s lets a PutObject fail once, and only after it is done', async (_, effect, isDone) => {
  aws.faults.requests.add({ operation: 'PutObject', times: 1, effect });
  const request = new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' });
  const error = await failure(
    s3.send(request, { abortSignal: AbortSignal.timeout(effect.kind === 'hang' ? 500 : 5000) }),
  );
  const { kind } = effect;
  if (kind === 'fail') {
    expect(error).toBeInstanceOf(S3ServiceException);
    expect(error).toMatchObject({ name: effect.code, $metadata: { httpStatusCode: effect.status } });
  } else {
    expect(error).toMatchObject(
      kind === 'hang' ? { name: 'AbortError' } : { message: expect.stringContaining('socket hang up') },
    );
  }
  expect(await exists('key')).toBe(isDone);
  await put('key');
  expect(await exists('key')).toBe(true);
});

test('RequestFaults: delay answers later, and the condition is checked when the time has come', async () => {
  aws.faults.requests.add({ operation: 'PutObject', times: 1, effect: { kind: 'delay', delayMs: 100 } });
  const taken = nextFault();
  const delayed = failure(put('commits/1', '*'));
  await taken;
  await put('commits/1', '*');
  expect(await delayed).toMatchObject({ name: 'PreconditionFailed' });
});

test('RequestFaults: delay does late what was asked, also when the client is gone', async () => {
  aws.faults.requests.add({ operation: 'PutObject', times: 1, effect: { kind: 'delay', delayMs: 500 } });
  const taken = nextFault();
  const gone = new AbortController();
  const request = s3.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' }), { abortSignal: gone.signal });
  const aborted = failure(request);
  await taken;
  gone.abort();
  expect(await aborted).toMatchObject({ name: 'AbortError' });
  while (!(await exists('late'))) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('RequestFaults: a rule meets only its operation, names and conditional writes', async () => {
  const effect: RequestEffect = { kind: 'fail', status: 409, code: 'ConditionalRequestConflict' };
  aws.faults.requests.add({ operation: 'PutObject', name: /^lake\/commits\//, conditional: true, effect });
  await put('commits/1');
  await put('data/1', '*');
  expect(await failure(put('commits/2', '*'))).toMatchObject({ name: 'ConditionalRequestConflict' });
  expect(await exists('commits/2')).toBe(false);
});

test('RequestFaults: a GetObject fails after it was served, whatever its length was', async () => {
  await put('key');
  const effect: RequestEffect = { kind: 'fail', status: 500, code: 'InternalError', when: 'after' };
  aws.faults.requests.add({ operation: 'GetObject', effect });
  const error = await failure(s3.send(new GetObjectCommand({ Bucket, Key: 'key' })));
  expect(error).toMatchObject({ name: 'InternalError', message: 'failed by a fault' });
});

test('RequestFaults: listings, queues and parameters fail by their names', async () => {
  const effect: RequestEffect = { kind: 'fail', status: 400, code: 'ThrottlingException' };
  const rules = {
    ListObjectsV2: /^lake\/commits\//,
    SendMessage: /^load$/,
    ReceiveMessage: /^load$/,
    GetParameter: /^\/order/,
  };
  for (const [operation, name] of Object.entries(rules)) aws.faults.requests.add({ operation, name, effect });
  aws.parameters.put('/other', 'String', 'value');
  const [sqs, ssm] = [new SQSClient(options()), new SSMClient(options())];
  const list = (Prefix: string) => s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  expect(await failure(list('commits/0/'))).toMatchObject({ name: 'ThrottlingException' });
  await list('data/');
  const send = new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' });
  expect(await failure(sqs.send(send))).toMatchObject({ name: 'ThrottlingException' });
  expect(await failure(sqs.send(new ReceiveMessageCommand({ QueueUrl: url })))).toMatchObject({
    name: 'ThrottlingException',
  });
  expect(await failure(ssm.send(new GetParameterCommand({ Name: '/orders' })))).toMatchObject({
    name: 'ThrottlingException',
  });
  expect(await ssm.send(new GetParameterCommand({ Name: '/other' }))).toMatchObject({ Parameter: { Value: 'value' } });
  sqs.destroy();
  ssm.destroy();
});

test('close ends requests that hang', async () => {
  aws.faults.requests.add({ operation: 'PutObject', effect: { kind: 'hang' } });
  const taken = nextFault();
  const hanging = failure(put('key'));
  await taken;
  await aws.close();
  expect(await hanging).toMatchObject({ message: expect.stringContaining('socket hang up') });
  aws = await startAwsEndpoint({ dataDir: temporaryFolder(), port: 0 });
});

/** Bodies of what the queue has now. */
const receive = async (): Promise<string[]> => (await aws.queues.receive(arn, 0)).map(({ body }) => body);

test('MessageFaults: lose takes a notification of a stored object away', async () => {
  aws.faults.messages.add({ queue: /^load$/, times: 1, effect: { kind: 'lose' } });
  await put('commits/1');
  await put('commits/2');
  expect(await exists('commits/1')).toBe(true);
  expect(await receive()).toEqual([expect.stringContaining('commits/2')]);
});

test('MessageFaults: delay lets a notification come after the next one', async () => {
  aws.faults.messages.add({ times: 1, effect: { kind: 'delay', seconds: 1 } });
  await put('commits/1');
  await put('commits/2');
  expect(await receive()).toEqual([expect.stringContaining('commits/2')]);
  expect(await aws.queues.receive(arn, 10)).toEqual([
    expect.objectContaining({ body: expect.stringContaining('commits/1') }),
  ]);
});

test('MessageFaults: duplicate sends a notification twice', async () => {
  aws.faults.messages.add({ times: 1, effect: { kind: 'duplicate', seconds: 0 } });
  await put('commits/1');
  await put('commits/2');
  const key = (n: number) => expect.stringContaining(`commits/${n}`);
  expect(await receive()).toEqual([key(1), key(1), key(2)]);
});

test('MessageFaults: redeliver brings a deleted message again, with the same id', async () => {
  aws.faults.messages.add({ times: 1, effect: { kind: 'redeliver', seconds: 0 } });
  aws.queues.send(arn, 'x');
  const [first] = await aws.queues.receive(arn, 0);
  aws.queues.delete(arn, first?.receiptHandle ?? '');
  const [second] = await aws.queues.receive(arn, 10);
  expect(second).toMatchObject({ messageId: first?.messageId, attributes: { ApproximateReceiveCount: '2' } });
  aws.queues.delete(arn, second?.receiptHandle ?? '');
  aws.queues.ensure('load', aws.url, { VisibilityTimeout: '0' });
  expect(await receive()).toEqual([]);
});

test('MessageFaults: reappear shortens the visibility timeout, and the message can be deleted before', async () => {
  aws.faults.messages.add({ queue: /^load$/, effect: { kind: 'reappear', seconds: 0 } });
  aws.queues.send(arn, 'x');
  const [first] = await aws.queues.receive(arn, 0);
  const [second] = await aws.queues.receive(arn, 10);
  expect(second?.messageId).toBe(first?.messageId);
  aws.queues.delete(arn, second?.receiptHandle ?? '');
  expect(await receive()).toEqual([]);
});
