import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { jest } from '@jest/globals';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, MSKEvent, SQSEvent } from 'aws-lambda';
import { Kafka, logLevel } from 'kafkajs';
import type { ScheduledRun } from '../../lambdas/loader/scheduled-runs.ts';
import { type AwsEndpoint, startAwsEndpoint } from '../../local/aws/aws-endpoint.ts';
import { type KafkaBroker, startKafkaBroker } from '../../local/kafka/broker.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { BATCH, ORDER_VERSION_ID, orderContract, orderEvent } from '../pipeline/ingest/order-events.ts';
import { notification } from '../pipeline/load/lake-fixture.ts';

const TOPIC = 'order_created';
const BUCKET = 'lake';

let folder: string;
let aws: AwsEndpoint;
let kafka: KafkaBroker;
let proxy: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
const CONTEXT = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 };
let sink: typeof import('../../lambdas/sink/handler.ts').handler;
let loader: (event: SQSEvent | ScheduledRun) => Promise<{ batchItemFailures: object[] }>;
/** Lines that the handlers write, and all of them since the start. */
const lines: string[] = [];
const history: string[] = [];
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-handlers-'));
  aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
  kafka = await startKafkaBroker({ dir: join(folder, 'kafka') });
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(String(line));
    history.push(String(line));
    return true;
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    CONTRACT_BUCKET: 'assets',
    CONTRACT_KEY: 'contract.json',
    LAKE_BUCKET: BUCKET,
    SCHEMA_VERSION_IDS: ORDER_VERSION_ID,
    CATALOG_PATH: '/headrace/events',
    RELAY_QUEUE_URL: `${aws.url}/000000000000/relay`,
    LOAD_QUEUE_URL: `${aws.url}/000000000000/loads`,
    KAFKA_BROKERS: kafka.bootstrap,
    KAFKA_CLIENT_PROPERTIES: 'security.protocol=PLAINTEXT',
    WAREHOUSE_URL: `duckdb:${join(folder, 'warehouse.duckdb')}`,
  });
  const s3 = new S3Client({});
  await s3.send(new CreateBucketCommand({ Bucket: 'assets' }));
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3ObjectStore('assets', s3).put('contract.json', Buffer.from(JSON.stringify(orderContract)));
  const entry = { contractBucket: 'assets', contractKey: 'contract.json', schemaVersionIds: [ORDER_VERSION_ID] };
  aws.parameters.put(`/headrace/events/${TOPIC}`, 'String', JSON.stringify(entry));
  const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: orderContract.topic.partitions }] });
  await admin.disconnect();
  ({ handler: proxy } = await import('../../lambdas/proxy/handler.ts'));
  ({ handler: sink } = await import('../../lambdas/sink/handler.ts'));
  ({ handler: loader } = await import('../../lambdas/loader/handler.ts'));
});
afterAll(async () => {
  jest.restoreAllMocks();
  await kafka.stop();
  await aws.close();
  await rm(folder, { recursive: true });
});

/** As an HTTP API sends it: lower-case headers, and bodies of types that are not text in base64. */
function httpEvent(body: Uint8Array, headers: Record<string, string>): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: 'POST /v1/events',
    rawPath: '/v1/events',
    rawQueryString: '',
    headers,
    isBase64Encoded: true,
    body: Buffer.from(body).toString('base64'),
  } as APIGatewayProxyEventV2;
}

/** The next records of the topic, as Lambda delivers them. */
async function kafkaEvent(count: number): Promise<MSKEvent> {
  const consumer = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).consumer({
    groupId: 'poller',
  });
  const records: MSKEvent['records'] = {};
  let seen = 0;
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage: Parameters<typeof consumer.run>[0] = {
      eachMessage: async ({ partition, message: { offset, timestamp, key, value, headers } }) => {
        const name = `${TOPIC}-${partition}`;
        records[name] ??= [];
        records[name].push({
          topic: TOPIC,
          partition,
          offset: Number(offset),
          timestamp: Number(timestamp),
          timestampType: 'CREATE_TIME',
          key: key?.toString('base64') ?? '',
          value: value?.toString('base64') ?? '',
          headers: Object.entries(headers ?? {}).map(([header, bytes]) => ({
            [header]: [...Buffer.from(String(bytes))],
          })),
        });
        seen++;
        if (seen === count) {
          resolve();
        }
      },
    };
    consumer.run(eachMessage).catch(reject);
  });
  await consumer.disconnect();
  return { eventSource: 'aws:kafka', eventSourceArn: 'arn', bootstrapServers: kafka.bootstrap, records };
}

const sqsEvent = (...bodies: string[]): SQSEvent =>
  ({ Records: bodies.map((body, index) => ({ messageId: `m-${index}`, body })) }) as SQSEvent;

async function queryWarehouse(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'));
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** The sum of a metric over the lines written since the last call. */
function takeMetrics(): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of lines.splice(0)) {
    for (const [name, value] of Object.entries(JSON.parse(line) as object)) {
      sums[name] = (sums[name] ?? 0) + Number(value);
    }
  }
  return sums;
}

test('handlers: events go from an HTTP API event to warehouse rows, each once, through real event shapes', async () => {
  const events = ['o-1', 'o-2', 'größe', 'o-1'].map((order_id, index) =>
    orderEvent({ order_id }, { id: `e-${index}` }),
  );
  const body = gzipSync(JSON.stringify([...events, orderEvent({ channel: 'FAX' })]));
  const answer = await proxy(
    httpEvent(body, { 'content-type': BATCH, 'content-encoding': 'gzip', traceparent: TRACE }),
  );
  expect(answer.statusCode).toBe(207);
  expect(JSON.parse(answer.body ?? '')).toMatchObject({ accepted: 4, rejected: 1 });
  expect(takeMetrics()).toMatchObject({ Accepted: 4, Refused: 1 });

  const batch = await kafkaEvent(4);
  await sink(batch, CONTEXT);
  expect(takeMetrics()).toMatchObject({ CommittedRows: 4, RejectedRecords: 0 });
  await sink(batch, CONTEXT);
  expect(takeMetrics()).toMatchObject({ RepeatedRecords: 4 });

  const objects = await s3ObjectStore(BUCKET).list({ prefix: 'commits/', keysMax: 100 });
  const keys = objects.map(({ key }) => key);
  const bodies = [...keys.map((key) => notification(key)), notification(...keys), 'no notification'];
  const report = await loader(sqsEvent(...bodies));
  expect(report).toEqual({ batchItemFailures: [{ itemIdentifier: `m-${keys.length + 1}` }] });
  expect(lines.filter((line) => line.includes('"level":"ERROR"'))).toHaveLength(1);
  const durations = lines.map((line) => JSON.parse(line)).find((line) => 'RowAgeSeconds' in line);
  expect(durations.LoadSeconds.length).toBeGreaterThanOrEqual(durations.RowAgeSeconds.length);
  const rows = await queryWarehouse('SELECT _id, order_id FROM order_created ORDER BY _id');
  expect(rows).toEqual([
    { _id: 'e-0', order_id: 'o-1' },
    { _id: 'e-1', order_id: 'o-2' },
    { _id: 'e-2', order_id: 'größe' },
    { _id: 'e-3', order_id: 'o-1' },
  ]);
});

test('handlers: one event can be followed from its request to its load by its trace, offset and commit', () => {
  const traced = history.filter((line) => line.includes(TRACE)).map((line) => JSON.parse(line));
  expect([...new Set(traced.map(({ message }) => message))]).toEqual(['stored', 'committed', 'loaded']);
  const [stored] = traced;
  const { partition, offset } = stored;
  const isItsCommit = (line: { message: string; partition: number; traced?: string[] }) =>
    line.partition === partition && (line.traced ?? []).includes(`${offset} ${TRACE}`);
  const [committed, loaded] = traced.filter(isItsCommit);
  expect(stored).toMatchObject({ event: TOPIC, traceparent: TRACE });
  expect([committed.message, committed.first <= offset && offset < committed.next]).toEqual(['committed', true]);
  expect(loaded).toMatchObject({ message: 'loaded', event: TOPIC, commitKey: committed.commitKey });
});

test('handlers: the loader’s sweep loads what no notification told of, and its audit says whether anything is lost', async () => {
  const order = JSON.stringify(orderEvent({ order_id: 'o-dropped' }, { id: 'e-dropped' }));
  await proxy(httpEvent(Buffer.from(order), { 'content-type': 'application/cloudevents+json' }));
  await sink(await kafkaEvent(1), CONTEXT);
  takeMetrics();
  expect(await loader({ sweep: true, graceSeconds: 0 })).toEqual({ batchItemFailures: [] });
  expect(takeMetrics()).toMatchObject({ LoadedCommits: 1, LoadedRows: 1, FailedLoads: 0, UnloadedCommits: 0 });
  await loader({ audit: { hours: 1 } });
  expect(takeMetrics()).toMatchObject({ LostRecords: 0, DuplicatedRows: 0, AuditFaults: 0 });
  await queryWarehouse("DELETE FROM order_created WHERE _id = 'e-dropped'");
  await loader({ audit: { hours: 1 } });
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 'ERROR', message: 'Audit found a fault', kind: 'LOST_ROWS', lost: 1 }),
  );
  expect(takeMetrics()).toMatchObject({ LostRecords: 1, DuplicatedRows: 0, AuditFaults: 1 });
});

test('handlers: the proxy answers a request without body or content type, and does not throw', async () => {
  const answer = await proxy({
    ...httpEvent(Buffer.from(''), {}),
    body: undefined,
  } as unknown as APIGatewayProxyEventV2);
  expect(answer.statusCode).toBe(415);
  expect(answer.headers).toEqual({ 'content-type': 'application/problem+json' });
});

test('handlers: a partition that the sink refuses does not hold up the others of its batch', async () => {
  const record = { topic: TOPIC, offset: 0, timestampType: 'CREATE_TIME', key: '', value: '', headers: [] };
  const batch = (...partitions: Array<[partition: number, timestamp: number]>): MSKEvent => ({
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn',
    bootstrapServers: kafka.bootstrap,
    records: Object.fromEntries(
      partitions.map(([partition, timestamp]) => [`${TOPIC}-${partition}`, [{ ...record, partition, timestamp }]]),
    ) as MSKEvent['records'],
  });
  await sink(batch([100, 1]), CONTEXT);
  takeMetrics();
  await expect(sink(batch([100, 2], [101, 2]), CONTEXT)).rejects.toThrow(
    /^Cannot commit all of a batch: TopicReplacedError: Cannot sink partition 100/,
  );
  expect(takeMetrics()).toMatchObject({ RejectedRecords: 1 });
});
