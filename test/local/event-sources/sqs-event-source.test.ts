import type { SQSEvent } from 'aws-lambda';
import { type AwsEndpoint, startAwsEndpoint } from '../../../local/aws/aws-endpoint.ts';
import { SqsEventSource, type SqsEventSourceOptions } from '../../../local/event-sources/sqs-event-source.ts';
import { temporaryFolder } from '../fixture-assembly.ts';
import { fixtureFunction } from './fixture-function.ts';

let aws: AwsEndpoint;
let arn: string;
let deadArn: string;
let source: SqsEventSource | undefined;

beforeEach(async () => {
  aws = await startAwsEndpoint({ dataDir: temporaryFolder(), port: 0 });
  deadArn = aws.queues.ensure('dead', aws.url, {}).arn;
  arn = aws.queues.ensure('work', aws.url, { VisibilityTimeout: '600' }).arn;
});
afterEach(async () => {
  await source?.stop();
  await aws.close();
});

function start(handle: (event: SQSEvent) => unknown, options: Partial<SqsEventSourceOptions> = {}): void {
  const defaults = { batchSize: 10, windowMs: 0, reportsFailures: true };
  source = new SqsEventSource({
    queues: aws.queues,
    queueArn: arn,
    function: fixtureFunction(handle),
    ...defaults,
    ...options,
  });
  source.start();
}
/** Messages return at once, and go to the dead-letter queue after two receives. */
function redrive(): void {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 2 });
  aws.queues.ensure('work', aws.url, { VisibilityTimeout: '0', RedrivePolicy });
}
/** The body of the next dead letter. */
const deadLetter = async () => (await aws.queues.receive(deadArn, 15))[0]?.body;
const bodies = ({ Records }: SQSEvent) => Records.map(({ body }) => body);

test('SqsEventSource delivers messages in the shape of SQS events', async () => {
  const event = await new Promise<SQSEvent>((resolve) => {
    start(resolve);
    aws.queues.send(arn, 'hello');
  });
  expect(event.Records).toEqual([
    {
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: 'hello',
      md5OfBody: '5d41402abc4b2a76b9719d911017c592',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: arn,
      awsRegion: 'us-east-1',
    },
  ]);
});

test('SqsEventSource gathers a batch during its window, up to the batch size', async () => {
  const batches: string[][] = [];
  const done = new Promise<void>((resolve) => {
    start(
      (event) => {
        batches.push(bodies(event));
        if (batches.flat().length === 25) resolve();
      },
      { batchSize: 20, windowMs: 500 },
    );
  });
  for (let n = 0; n < 25; n++) aws.queues.send(arn, String(n));
  await done;
  expect(batches.map(({ length }) => length)).toEqual([20, 5]);
});

test('SqsEventSource retries only the messages that the function reports, and redrive ends it', async () => {
  const deliveries: string[] = [];
  redrive();
  for (const body of ['good', 'bad', 'fine']) aws.queues.send(arn, body);
  start((event) => {
    deliveries.push(...bodies(event));
    const failed = event.Records.filter(({ body }) => body === 'bad');
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  expect(await deadLetter()).toBe('bad');
  expect(deliveries.sort()).toEqual(['bad', 'bad', 'fine', 'good']);
});

test.each<[string, boolean, () => unknown]>([
  ['throws', true, () => Promise.reject(new Error('no'))],
  ['reports a message that was not in the batch', true, () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] })],
  ['reports something else than a list', true, () => ({ batchItemFailures: 'all' })],
  ['throws without reporting', false, () => Promise.reject(new Error('no'))],
])('SqsEventSource keeps the whole batch when the function %s', async (_, reportsFailures, handle) => {
  redrive();
  aws.queues.send(arn, 'kept');
  start(handle, { reportsFailures });
  expect(await deadLetter()).toBe('kept');
});

test('SqsEventSource deletes the whole batch after success, whatever the answer, when it does not report', async () => {
  aws.queues.send(arn, 'first');
  await new Promise<void>((resolve) => {
    start(
      (event) => {
        if (bodies(event).includes('second')) resolve();
        return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      },
      { reportsFailures: false },
    );
    aws.queues.send(arn, 'second');
  });
  await source?.stop();
  redrive();
  expect(await aws.queues.receive(arn, 0)).toEqual([]);
});
