import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shadowTable } from '../../../pipeline/load/warehouse-table.ts';
import type { Warehouse } from '../../../pipeline/ports.ts';
import { type RebuildReport, rebuildTable } from '../../../pipeline/rebuild/rebuild-table.ts';
import { healthyWorld, type PipelineWorld } from '../audit/pipeline-world.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-rebuild-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sleep = async (): Promise<void> => {};
const rebuild = (world: PipelineWorld, changes: Partial<Warehouse> = {}, window = {}): Promise<RebuildReport> =>
  rebuildTable({ ...world, sleep, warehouse: { ...world.warehouse, ...changes } }, window);

/** Everything that a rebuild can mend. */
async function damage(world: PipelineWorld): Promise<void> {
  await world.sql(`
    INSERT INTO order_created SELECT * FROM order_created WHERE _offset = 1;
    UPDATE order_created SET _checksum = 0 WHERE _partition = 1 AND _offset = 4;
    DELETE FROM order_created WHERE _partition = 0 AND _offset = 8;
    INSERT INTO order_created SELECT * REPLACE (77 AS _offset) FROM order_created WHERE _partition = 1 AND _offset = 2;
    DELETE FROM headrace.load_ledger WHERE partition = 1 AND start_offset = 0;`);
  expect((await world.audit()).faults).not.toEqual([]);
}

test('rebuildTable: mends whatever happened to the table and its ledger', async () => {
  const { world, loads } = await healthyWorld(folder);
  await damage(world);
  expect(await rebuild(world)).toEqual({ commits: 4, rows: 18, faults: [] });
  expect(await world.audit()).toMatchObject({ faults: [], total: { accepted: 19, loaded: 18 } });
  expect(await world.warehouse.load(world.table, loads)).toMatchObject({ loaded: 0, skipped: 4 });
  expect(await world.warehouse.ledger(shadowTable(world.table))).toEqual([]);
});

test('rebuildTable: makes a table where there is none', async () => {
  const { world } = await healthyWorld(folder);
  await world.warehouse.drop(world.table);
  await rebuild(world);
  expect((await world.audit()).faults).toEqual([]);
});

test('rebuildTable: of a window leaves the rest as it is', async () => {
  const { world } = await healthyWorld(folder);
  await damage(world);
  const half = Date.UTC(2026, 10, 20, 12, 30);
  expect(await rebuild(world, {}, { from: half })).toEqual({ commits: 2, rows: 11, faults: [] });
  expect((await world.audit({ from: half })).faults.filter(({ first }) => first !== 77)).toEqual([]);
  expect((await world.audit({ to: half })).faults.map(({ kind, partition }) => `${kind} ${partition}`)).toEqual([
    'DUPLICATED_ROWS 0',
    'NOT_IN_LEDGER 1',
    'DUPLICATED_ROWS 1',
  ]);
});

test('rebuildTable: takes what a loader loads meanwhile along', async () => {
  const { world } = await healthyWorld(folder);
  let loads = 0;
  const load: Warehouse['load'] = async (table, pending) => {
    const outcome = await world.warehouse.load(table, pending);
    if (loads++ === 0) {
      world.produce(1, [10, 11]);
      await world.load(await world.sink(1));
    }
    return outcome;
  };
  expect(await rebuild(world, { load })).toEqual({ commits: 5, rows: 20, faults: [] });
  expect(await world.audit()).toMatchObject({ faults: [], total: { loaded: 20 } });
});

test('rebuildTable: an interruption leaves the table as it was, and the next run begins anew', async () => {
  const { world, loads } = await healthyWorld(folder);
  const replace = async (): Promise<never> => {
    throw new Error('killed');
  };
  await expect(rebuild(world, { replace })).rejects.toThrow('killed');
  expect((await world.audit()).faults).toEqual([]);
  // What the dead run left in its shadow must not be taken for loaded.
  const shadow = shadowTable(world.table);
  expect(await world.warehouse.ledger(shadow)).toHaveLength(loads.length);
  await world.sql(`DELETE FROM ${shadow.table} WHERE _offset = 1`);
  expect(await rebuild(world)).toMatchObject({ commits: 4, rows: 18 });
  expect((await world.audit()).faults).toEqual([]);
});

test('rebuildTable: waits for statements that run on', async () => {
  const { world } = await healthyWorld(folder);
  const waits: number[] = [];
  let calls = 0;
  const load: Warehouse['load'] = async (table, pending) =>
    calls++ < 2
      ? { loaded: 0, skipped: 0, rows: 0, running: pending.map(({ commitKey }) => commitKey) }
      : world.warehouse.load(table, pending);
  const wait = async (ms: number) => void waits.push(ms);
  await rebuildTable({ ...world, sleep: wait, warehouse: { ...world.warehouse, load } });
  expect(waits).toEqual([5_000, 5_000]);
  expect((await world.audit()).faults).toEqual([]);
});

test('rebuildTable: refuses a shadow that is not what the commits say, and keeps the table', async () => {
  const { world } = await healthyWorld(folder);
  const load: Warehouse['load'] = async (table, pending) => {
    const outcome = await world.warehouse.load(table, pending);
    await world.sql(`UPDATE ${table.table} SET _checksum = 1 WHERE _partition = 0 AND _offset = 9`);
    return outcome;
  };
  await expect(rebuild(world, { load })).rejects.toThrow(/Cannot swap "order_created__rebuild" in: of "commits\/0\//);
  expect((await world.audit()).faults).toEqual([]);
});

test('rebuildTable: of two at a time one is told so, and the table is whole', async () => {
  const { world } = await healthyWorld(folder);
  await damage(world);
  let loads = 0;
  const load: Warehouse['load'] = async (table, pending) => {
    const outcome = await world.warehouse.load(table, pending);
    if (loads++ === 0) {
      expect(await rebuild(world)).toMatchObject({ rows: 18 });
    }
    return outcome;
  };
  await expect(rebuild(world, { load })).rejects.toThrow('another rebuild of it runs or has ended');
  expect((await world.audit()).faults).toEqual([]);
});

test('rebuildTable: keeps a table with columns of somebody else, unless told to drop them', async () => {
  const { world } = await healthyWorld(folder);
  await world.sql('ALTER TABLE order_created ADD COLUMN note VARCHAR');
  const reason = 'Cannot rebuild "order_created": the columns note are not in the contract';
  for (const window of [{}, { from: Date.UTC(2026, 10, 20, 12, 30) }]) {
    await expect(rebuild(world, {}, window)).rejects.toThrow(reason);
  }
  await world.sql('SELECT note FROM order_created');
  expect(await rebuild(world, {}, { dropColumns: true })).toMatchObject({ rows: 18 });
  await expect(world.sql('SELECT note FROM order_created')).rejects.toThrow('note');
});

test('rebuildTable: rebuilds nothing from a chain with a hole, or when the lake has lost what the table has', async () => {
  const { world, loads } = await healthyWorld(folder);
  await world.lake.delete(loads[0]?.commitKey ?? '');
  const { commits, faults } = await rebuild(world);
  expect(commits).toBe(0);
  expect(faults.map(({ kind }) => kind)).toEqual(['MISSING_COMMIT']);
  const { world: other, loads: own } = await healthyWorld(folder);
  await other.lake.delete(own[2]?.commitKey ?? '');
  await expect(rebuild(other)).rejects.toThrow('the table has loaded a commit that the lake has lost');
  expect(await other.warehouse.offsetsOf(other.table, { partition: 0, first: 5, next: 10 })).toEqual([5, 6, 8, 9]);
});
