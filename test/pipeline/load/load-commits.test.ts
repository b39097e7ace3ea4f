import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import { PipelineError } from '../../../pipeline/errors.ts';
import { type LoadPorts, loadCommits } from '../../../pipeline/load/load-commits.ts';
import { commitKey } from '../../../pipeline/sink/commit-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';
import { BUCKET, commitRows, notification, OFFSET } from './lake-fixture.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-load-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

function world(): LoadPorts & { readonly lake: MemoryObjectStore } {
  const lake = memoryObjectStore();
  files++;
  const warehouse = duckdbWarehouse(join(folder, `${files}.duckdb`), lake);
  return { table: tableOf([OFFSET]), bucket: BUCKET, lake, warehouse };
}

const message = (id: string, ...keys: string[]) => ({ id, body: notification(...keys) });

test('loadCommits: loads each commit once, out of order, twice in a message, in a batch and in the next batch', async () => {
  const ports = world();
  const starts = [20, 0, 10];
  const [late, early, middle] = await Promise.all(
    starts.map((start) => commitRows(ports.lake, [OFFSET], start, [{}, {}])),
  );
  const keys = [late, early, middle].map((load) => load?.commitKey ?? '');
  const first = [message('a', keys[0] ?? '', keys[0] ?? ''), message('b', keys[1] ?? ''), message('c', keys[0] ?? '')];
  expect(await loadCommits(first, ports)).toEqual({ loaded: 2, skipped: 0, rows: 4, failures: [] });
  const second = [message('d', ...keys)];
  expect(await loadCommits(second, ports)).toEqual({ loaded: 1, skipped: 2, rows: 2, failures: [] });
});

test('loadCommits: a poisoned commit fails its own message, and the others are loaded', async () => {
  const ports = world();
  const { lake } = ports;
  const good = await commitRows(lake, [OFFSET], 0, [{}, {}]);
  const alsoGood = await commitRows(lake, [OFFSET], 0, [{}], { partition: 1 });
  const missing = await commitRows(lake, [OFFSET], 10, [{}], { files: [{ key: 'data/x', rows: 1, bytes: 1 }] });
  const miscounted = await commitRows(lake, [OFFSET], 20, [{}], { rows: 3 });
  const foreign = await commitRows(lake, [OFFSET], 30, [{}], { event: 'flight_departed' });
  const newer = await commitRows(lake, [OFFSET], 40, [{}], { format: 2 } as object);
  await lake.put(commitKey(0, 50), Buffer.from('not json'));
  await lake.put(commitKey(0, 60), lake.objects.get(good.commitKey) ?? new Uint8Array());
  const messages = [
    message('good', good.commitKey),
    message('missing', missing.commitKey),
    message('miscounted', miscounted.commitKey),
    message('foreign', foreign.commitKey),
    message('newer', newer.commitKey),
    message('garbage', commitKey(0, 50)),
    message('misplaced', commitKey(0, 60)),
    message('absent', commitKey(0, 70)),
    message('other key', 'commits/readme.txt'),
    { id: 'no notification', body: 'hello' },
    message('also good', alsoGood.commitKey),
  ];
  const report = await loadCommits(messages, ports);
  expect(report).toMatchObject({ loaded: 2, skipped: 0, rows: 3 });
  const failed = report.failures.map(({ id }) => id).sort();
  expect(failed).toEqual(
    messages
      .map(({ id }) => id)
      .filter((id) => !id.endsWith('good'))
      .sort(),
  );
  const reasons = report.failures.map(({ error }) => error.message).join('\n');
  expect(reasons).toContain('it is of the event "flight_departed", allowed is "order_created"');
  expect(reasons).toContain('it has format 2, allowed is 1');
  expect(reasons).toContain('it starts at offset 0 of partition 0, its name says another place');
});

test('loadCommits: the test event of S3 is done with', async () => {
  const body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET });
  expect(await loadCommits([{ id: 'a', body }], world())).toEqual({ loaded: 0, skipped: 0, rows: 0, failures: [] });
});

test('loadCommits: when the warehouse is unavailable all messages fail after one try', async () => {
  const ports = world();
  const keys = [0, 1].map(async (start) => (await commitRows(ports.lake, [OFFSET], start, [{}])).commitKey);
  let tries = 0;
  const load = async (): Promise<never> => {
    tries++;
    throw new PipelineError('UNAVAILABLE', 'another process holds it', { retryable: true });
  };
  const messages = [message('a', (await keys[0]) ?? ''), message('b', (await keys[1]) ?? '')];
  const report = await loadCommits(messages, { ...ports, warehouse: { load } });
  expect(report.failures.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(tries).toBe(1);
});

test('loadCommits: a message that comes back after its rows were committed adds nothing', async () => {
  const ports = world();
  const { commitKey: key } = await commitRows(ports.lake, [OFFSET], 0, [{}]);
  // The process dies after the transaction, before SQS hears of it.
  const dying = {
    load: async (...args: Parameters<LoadPorts['warehouse']['load']>): Promise<never> => {
      await ports.warehouse.load(...args);
      throw new Error('killed');
    },
  };
  expect((await loadCommits([message('a', key)], { ...ports, warehouse: dying })).failures).toHaveLength(1);
  expect(await loadCommits([message('a', key)], ports)).toEqual({ loaded: 0, skipped: 1, rows: 0, failures: [] });
});
