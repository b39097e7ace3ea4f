import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Kafka, logLevel } from 'kafkajs';
import { query } from '../../cli/warehouse-file.ts';
import type { DeadLetterLine } from '../../pipeline/sink/dead-letter.ts';
import {
  column,
  lakeOf,
  type RunningHost,
  removeFolder,
  run,
  startHost,
  synthesize,
  temporaryFolder,
  until,
} from './running-host.ts';

const folder = temporaryFolder();
const assembly = join(folder, 'cdk.out');
const data = join(folder, 'data');
let host: RunningHost;

beforeAll(async () => {
  await synthesize(assembly);
  host = await startHost(assembly, data);
}, 120_000);

afterAll(async () => {
  await host?.kill();
  removeFolder(folder);
});

const order = (id: string, changes: object = {}): object => ({
  specversion: '1.0',
  id,
  source: '/shop',
  type: 'order_created',
  data: {
    order_id: id,
    customer_id: '9007199254740993',
    placed_at: '2026-11-20T12:30:00.123456Z',
    channel: 'APP',
    items: [
      { sku: 'tea', quantity: 2, price_cents: 499 },
      { sku: 'cup', quantity: 1, price_cents: '9223372036854775807' },
    ],
    labels: { gift: 'yes' },
    ...changes,
  },
});

async function post(body: unknown, headers: Record<string, string>): Promise<{ status: number; json: unknown }> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body);
  const response = await fetch(host.ingestUrl, { method: 'POST', headers, body: sent });
  return { status: response.status, json: await response.json() };
}

const SINGLE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

const orderIds = (): Promise<unknown[]> => column(host, 'SELECT _id FROM order_created ORDER BY _id');

test('an event sent by HTTP becomes a row with every value as it was', async () => {
  const { status, json } = await post(order('whole'), SINGLE);
  expect(status).toBe(200);
  expect(json).toEqual({ partition: expect.any(Number), offset: expect.any(Number) });
  await until(async () => (await orderIds()).includes('whole'));
  const [answer] = await query(host.warehousePath, [
    `SELECT customer_id, placed_at::VARCHAR, _time = placed_at, channel, len(items), items[2].price_cents,
            items[1].sku, coupon, labels['gift'], _source, _schema_version, _partition, _offset
     FROM order_created WHERE _id = 'whole'`,
  ]);
  const { partition, offset } = json as { partition: number; offset: number };
  expect(answer?.rows).toEqual([
    [
      9007199254740993n,
      expect.stringContaining('12:30:00.123456'),
      true,
      'APP',
      2n,
      9223372036854775807n,
      'tea',
      null,
      'yes',
      '/shop',
      1,
      partition,
      BigInt(offset),
    ],
  ]);
}, 60_000);

test('headrace status and the metrics tell how it is with every event', async () => {
  let cells: string[] = [];
  let rows = '';
  // On a Kafka that other tests use as well, their orders come too; while any is on its way the command exits with 1.
  await until(async () => {
    const table = await run(['bin/headrace.ts', 'status', '--dir', data]).catch(String);
    cells = /^order_created .*$/m.exec(table)?.[0].split(/\s+/) ?? [];
    rows = String((await orderIds()).length);
    return cells.includes('ok') && cells[4] === rows;
  });
  // In Kafka, committed and loaded; lag, age, promise; dead letters, loads that wait and that failed.
  const numbers = [rows, rows, rows, '0', '0', '10', '0', expect.any(String), '0'];
  expect(cells.slice(0, 12)).toEqual(['order_created', 'stream', ...numbers, 'ok']);
  const metrics = await (await fetch(host.metricsUrl)).text();
  expect(metrics).toContain('\nheadrace_accepted_total{event="order_created"} 1\n');
  expect(metrics).toContain('\nheadrace_lag_records{event="order_created"} 0\n');
  for (const name of ['committed_rows_total', 'loaded_rows_total', 'row_age_seconds_count']) {
    expect(metrics).toMatch(new RegExp(`\nheadrace_${name}\\{event="order_created"\\} [1-9]`));
  }
}, 60_000);

test('an event that prefers not to wait is answered at once, and the relay makes it a row', async () => {
  const { status, json } = await post(order('queued'), { ...SINGLE, prefer: 'respond-async' });
  expect(status).toBe(202);
  expect(json).toEqual({ queued: true });
  await until(async () => (await orderIds()).includes('queued'));
});

test('a compressed batch is accepted in part: good records become rows, bad ones name index, path and reason', async () => {
  const batch = [
    order('good-1'),
    order('bad', { items: [{ sku: 'tea', quantity: 'two', price_cents: 1 }] }),
    { ...order('unknown'), type: 'no_such_event' },
    order('good-2'),
  ];
  const headers = { ...BATCH, 'content-encoding': 'gzip' };
  const { status, json } = await post(gzipSync(JSON.stringify(batch)), headers);
  expect(status).toBe(207);
  const stored = { partition: expect.any(Number), offset: expect.any(Number) };
  expect(json).toEqual({
    accepted: 2,
    rejected: 2,
    records: [
      stored,
      {
        error: expect.objectContaining({
          status: 422,
          errors: [expect.objectContaining({ path: 'data.items[0].quantity', code: 'WRONG_TYPE' })],
        }),
      },
      { error: expect.objectContaining({ status: 404, type: 'urn:headrace:problem:unknown-event' }) },
      stored,
    ],
  });
  await until(async () => {
    const ids = await orderIds();
    return ids.includes('good-1') && ids.includes('good-2');
  });
  expect(await orderIds()).not.toContain('bad');
}, 60_000);

test.each([
  ['malformed JSON', '{"specversion":', SINGLE, 400, 'malformed-body'],
  ['an unknown event', { ...order('x'), type: 'no_such_event' }, SINGLE, 404, 'unknown-event'],
  ['a wrong type', order('x', { customer_id: 'seven' }), SINGLE, 422, 'invalid-payload'],
  ['a missing field', order('x', { channel: undefined }), SINGLE, 422, 'invalid-payload'],
  ['an unknown field', order('x', { colour: 'blue' }), SINGLE, 422, 'invalid-payload'],
  ['a wrong content type', order('x'), { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
  ['a body over the limit', ' '.repeat(4 * 1024 * 1024 + 1), SINGLE, 413, 'body-too-large'],
  ['a body that is not gzip', '{}', { ...SINGLE, 'content-encoding': 'gzip' }, 400, 'malformed-body'],
])('%s is refused as a problem', async (_, body, headers, status, problem) => {
  const answer = await post(body, headers as Record<string, string>);
  expect(answer).toEqual({
    status,
    json: expect.objectContaining({ status, type: `urn:headrace:problem:${problem}`, detail: expect.any(String) }),
  });
});

test('a corrupt record put straight into Kafka becomes a dead letter with its bytes, and the batch goes on', async () => {
  const producer = new Kafka({ brokers: [host.kafkaBrokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const value = Buffer.from('no schema wrote this');
  const headers = { origin: 'elsewhere' };
  const timestamp = String(Date.now());
  await producer.send({ topic: 'order_created', messages: [{ value, headers, partition: 0, timestamp }] });
  await producer.disconnect();
  await post(order('after-the-corrupt-one'), SINGLE);

  const lake = await lakeOf(host, 'order_created');
  let keys: string[] = [];
  await until(async () => {
    keys = (await lake.list({ prefix: 'rejected/', keysMax: 10 })).map(({ key }) => key);
    return keys.length > 0;
  });
  const [letter] = Buffer.from(await lake.get(keys[0] ?? ''))
    .toString()
    .trim()
    .split('\n')
    .map((line): DeadLetterLine => JSON.parse(line));
  expect(letter).toMatchObject({
    topic: 'order_created',
    partition: 0,
    code: 'UNKNOWN_FRAMING',
    reason: expect.any(String),
    value: value.toString('base64'),
    headers: [['origin', Buffer.from('elsewhere').toString('base64')]],
  });
  await until(async () => (await orderIds()).includes('after-the-corrupt-one'));
}, 60_000);

test('a second host on the same folder is refused in one line', async () => {
  const second = run(['bin/headrace.ts', 'start', '--assembly', assembly, '--dir', data, '--port', '0']);
  await expect(second).rejects.toThrow(/exited with 1: [^\n]*data[^\n]*\n$/);
});

test('a host killed in the middle goes on where it was: nothing acknowledged is lost, nothing is there twice', async () => {
  const batches = Array.from({ length: 20 }, (_, index) => flightBatch(index));
  const acknowledged: Array<{ partition: number; offset: number }> = [];
  const send = async (batch: unknown[]): Promise<void> => {
    const { status, json } = await post(batch, BATCH);
    expect(status).toBe(200);
    acknowledged.push(...(json as { records: Array<{ partition: number; offset: number }> }).records);
  };
  for (const batch of batches.slice(0, 10)) {
    await send(batch);
  }
  // Killed while a request is on its way, the sink has records in hand and the loader may be in a transaction.
  const interrupted = send(batches[10] ?? []).catch(() => undefined);
  await host.kill();
  await interrupted;

  host = await startHost(assembly, data);
  for (const batch of batches.slice(10)) {
    await send(batch);
  }
  const expected = new Set(acknowledged.map(({ partition, offset }) => `${partition}:${offset}`));
  const identities = (): Promise<unknown[]> => column(host, `SELECT _partition || ':' || _offset FROM flight_departed`);
  await until(async () => new Set(await identities()).isSupersetOf(expected));
  const rows = await identities();
  expect(new Set(rows).size).toBe(rows.length);
  expect(await column(host, 'SELECT count(DISTINCT _id) FROM flight_departed')).toEqual([
    BigInt(20 * FLIGHTS_PER_BATCH),
  ]);
  expect(await orderIds()).toContain('whole');
}, 120_000);

test('Ctrl-C stops the host with exit code 0', async () => {
  expect(await host.interrupt()).toBe(0);
}, 30_000);

const FLIGHTS_PER_BATCH = 500;

function flightBatch(batch: number): unknown[] {
  return Array.from({ length: FLIGHTS_PER_BATCH }, (_, index) => ({
    specversion: '1.0',
    id: `flight-${batch * FLIGHTS_PER_BATCH + index}`,
    source: '/test',
    type: 'flight_departed',
    data: { delay_minutes: index - 100, distance_miles: batch, departure_hour: index / 60 },
  }));
}
