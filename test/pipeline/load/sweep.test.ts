import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import { withDuckdb } from '../../../pipeline/adapters/with-duckdb.ts';
import { type SweepPorts, sweepCommits } from '../../../pipeline/load/sweep.ts';
import type { OffsetRange } from '../../../pipeline/ports.ts';
import { commitKey, parseCommitKey } from '../../../pipeline/sink/commit-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';
import { commitRows, IDENTITY } from './lake-fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
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
  /** The database. */
  readonly file: string;
}

function world(): World {
  const clock = { now: Date.UTC(2026, 10, 20) };
  const lake = memoryObjectStore(() => clock.now);
  const file = join(folder, `${++files}.duckdb`);
  const warehouse = duckdbWarehouse(file, lake);
  const now = () => clock.now;
  return { table: tableOf(IDENTITY), lake, warehouse, partitions: 2, now, timeLeftMs: () => 10 * MINUTE, clock, file };
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

test('sweepCommits: a commit whose entry somebody deleted is refused while the table has its rows', async () => {
  const ports = world();
  const loads = [];
  for (let start = 0; start < 3; start++) {
    loads.push(await commitRows(ports.lake, IDENTITY, start, [{}]));
  }
  await ports.warehouse.load(ports.table, loads);
  await commitRows(ports.lake, IDENTITY, 3, [{}]);
  await withDuckdb(ports.file, 'READ_WRITE', (connection) =>
    connection.run('DELETE FROM headrace.load_ledger WHERE start_offset = 1'),
  );
  ports.clock.now += 6 * MINUTE;
  const { failures, loaded, unloaded } = await sweepCommits(ports);
  expect({ loaded, unloaded }).toEqual({ loaded: 1, unloaded: 2 });
  expect([...failures].map(([key, { message }]) => [key, message])).toEqual([
    [
      loads[1]?.commitKey,
      `Cannot load "${loads[1]?.commitKey}": the table has 1 of its rows and the ledger does not hold it; somebody has changed one of them, "headrace rebuild" mends both`,
    ],
  ]);
  const offsets = await ports.warehouse.offsetsOf(ports.table, { partition: 0, first: 0, next: 9 });
  expect(offsets).toEqual([0, 1, 2, 3]);
});

test('sweepCommits: a commit that a loader ends while it is looked at is no fault, and one known by offsets is loaded', async () => {
  const ports = world();
  const load = await commitRows(ports.lake, IDENTITY, 0, [{}]);
  ports.clock.now += 6 * MINUTE;
  const holes = await ports.warehouse.holes(ports.table, [{ partition: 0, first: 0, next: 9 }]);
  await ports.warehouse.load(ports.table, [load]);
  const late = { ...ports.warehouse, holes: async () => holes };
  expect(await sweepCommits({ ...ports, warehouse: late })).toMatchObject({ skipped: 1, failures: new Map() });
  let asked = 0;
  const measure: typeof late.measure = async () => {
    asked++;
    return [];
  };
  const byOffsets = { ...late, measure, loadsOnceBy: 'offsets' as const };
  expect(await sweepCommits({ ...ports, warehouse: byOffsets })).toMatchObject({ skipped: 1, failures: new Map() });
  expect(asked).toBe(0);
});

test('sweepCommits: asks for as little of a chain of years as it can', async () => {
  const ports = world();
  // A commit an hour, as names alone: none of them is read before it is loaded.
  const commits = 2 * 365 * 24;
  const began = ports.clock.now;
  for (let start = 0; start < commits; start++) {
    ports.clock.now = began + start * HOUR;
    await ports.lake.put(commitKey(0, start), Buffer.from('{}'));
  }
  const dropped = await commitRows(ports.lake, IDENTITY, commits - 5 * 24, [{}]);
  let lists = 0;
  const lake: World['lake'] = {
    ...ports.lake,
    list: async (range) => {
      lists++;
      return ports.lake.list(range);
    },
  };
  const asked: OffsetRange[] = [];
  const holes: typeof ports.warehouse.holes = async (_, ranges) => {
    asked.push(...ranges);
    return [
      { partition: 0, first: dropped.commit.start, next: dropped.commit.next },
      { partition: 0, first: commits, next: Number.MAX_SAFE_INTEGER },
    ];
  };
  const report = await sweepCommits({ ...ports, graceMs: 0, lake, warehouse: { ...ports.warehouse, holes } });
  expect(report).toMatchObject({ loaded: 1, unloaded: 1, failures: new Map(), isComplete: true });
  expect(lists).toBeLessThanOrEqual(15);
  const oldest = commits - 14 * 24;
  expect(asked).toEqual([{ partition: 0, first: expect.any(Number), next: Number.MAX_SAFE_INTEGER }]);
  expect(asked[0]?.first).toBeLessThanOrEqual(oldest);
  expect(asked[0]?.first).toBeGreaterThan(oldest - 15 * 24);
});

test('sweepCommits: holds a bounded number of names, and says that there are more', async () => {
  const ports = world();
  const names = 25_000;
  // All of them are names without an object, so that none takes the time of a load.
  const lake: World['lake'] = {
    ...ports.lake,
    list: async ({ startAfter = commitKey(0, names), keysMax }) => {
      const before = parseCommitKey(startAfter)?.start ?? names;
      return Array.from({ length: Math.min(before, keysMax) }, (_, index) => ({
        key: commitKey(0, before - 1 - index),
        bytes: 1,
        modifiedAt: ports.clock.now - 6 * MINUTE,
      }));
    },
  };
  const report = await sweepCommits({ ...ports, partitions: 1, lake });
  expect(report).toMatchObject({ unloaded: 20_000, loaded: 0, isComplete: false });
  expect(report.failures.size).toBe(20_000);
});

test('sweepCommits: loads the oldest first, and stops while there is time to return', async () => {
  const ports = world();
  for (let start = 0; start < 25; start++) {
    await commitRows(ports.lake, IDENTITY, start, [{}]);
  }
  ports.clock.now += 6 * MINUTE;
  let left = 2 * MINUTE;
  const timeLeftMs = () => left;
  const load: World['warehouse']['load'] = (table, loads) => {
    left = MINUTE;
    return ports.warehouse.load(table, loads);
  };
  expect(await sweepCommits({ ...ports, warehouse: { ...ports.warehouse, load }, timeLeftMs })).toMatchObject({
    unloaded: 25,
    loaded: 10,
    isComplete: false,
  });
  expect(await sweepCommits(ports)).toMatchObject({ unloaded: 15, loaded: 15, isComplete: true });
});
