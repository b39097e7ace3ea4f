import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import { type SweepPorts, sweepCommits } from '../../../pipeline/load/sweep.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';
import { commitRows, IDENTITY } from './lake-fixture.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-sweep-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface World extends SweepPorts {
  readonly lake: MemoryObjectStore;
  readonly clock: { now: number };
}

function world(): World {
  const clock = { now: Date.UTC(2026, 10, 20) };
  const lake = memoryObjectStore(() => clock.now);
  const warehouse = duckdbWarehouse(join(folder, `${++files}.duckdb`), lake);
  const now = () => clock.now;
  return { table: tableOf(IDENTITY), lake, warehouse, partitions: 2, now, timeLeftMs: () => 10 * MINUTE, clock };
}

test('sweepCommits: a commit whose notification was dropped is loaded, once', async () => {
  const ports = world();
  const first = await commitRows(ports.lake, IDENTITY, 0, [{}]);
  const dropped = await commitRows(ports.lake, IDENTITY, 1, [{}, {}]);
  const third = await commitRows(ports.lake, IDENTITY, 3, [{}]);
  await commitRows(ports.lake, IDENTITY, 0, [{}], { partition: 1 });
  await ports.warehouse.load(ports.table, [first, third]);
  ports.clock.now += 6 * MINUTE;
  expect(await sweepCommits(ports)).toMatchObject({ unloaded: 2, loaded: 2, rows: 3, failures: new Map() });
  expect((await ports.warehouse.ledger(ports.table)).map(({ commitKey }) => commitKey)).toContain(dropped.commitKey);
  expect(await sweepCommits(ports)).toMatchObject({ unloaded: 0, loaded: 0, skipped: 0 });
});

test('sweepCommits: a commit that was just written is left to its notification, and one of weeks ago to the audit', async () => {
  const ports = world();
  await commitRows(ports.lake, IDENTITY, 0, [{}]);
  ports.clock.now += 15 * DAY;
  const due = await commitRows(ports.lake, IDENTITY, 1, [{}]);
  ports.clock.now += 6 * MINUTE;
  await commitRows(ports.lake, IDENTITY, 2, [{}]);
  expect(await sweepCommits(ports)).toMatchObject({ unloaded: 1, loaded: 1 });
  expect((await ports.warehouse.ledger(ports.table)).map(({ commitKey }) => commitKey)).toEqual([due.commitKey]);
  expect(await sweepCommits({ ...ports, graceMs: 0 })).toMatchObject({ unloaded: 1, loaded: 1 });
});

test('sweepCommits: what cannot be loaded or is no commit is told by its key, and holds nothing else', async () => {
  const ports = world();
  const missing = await commitRows(ports.lake, IDENTITY, 0, [{}], { files: [{ key: 'data/x', rows: 1, bytes: 1 }] });
  const newer = await commitRows(ports.lake, IDENTITY, 1, [{}], { format: 2 } as object);
  await commitRows(ports.lake, IDENTITY, 2, [{}]);
  await ports.lake.put('commits/0/0-notes.txt', Buffer.from('hello'));
  ports.clock.now += 6 * MINUTE;
  const { failures, loaded } = await sweepCommits(ports);
  expect(loaded).toBe(1);
  expect([...failures.keys()].sort()).toEqual([missing.commitKey, newer.commitKey, 'commits/0/0-notes.txt'].sort());
  expect(failures.get('commits/0/0-notes.txt')?.message).toBe(
    'Cannot read the commit "commits/0/0-notes.txt": it is no commit; move what is not a commit out of commits/',
  );
});

test('sweepCommits: loads the oldest first, and stops while there is time to return', async () => {
  const ports = world();
  for (let start = 0; start < 25; start++) {
    await commitRows(ports.lake, IDENTITY, start, [{}]);
  }
  ports.clock.now += 6 * MINUTE;
  let calls = 0;
  const timeLeftMs = () => (++calls > 1 ? MINUTE : 2 * MINUTE);
  expect(await sweepCommits({ ...ports, timeLeftMs })).toMatchObject({ unloaded: 25, loaded: 10 });
});
