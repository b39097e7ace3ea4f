import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';
import { commitRows, OFFSET, type Row } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, warehouseSuite } from '../ports/warehouse-suite.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

const newPath = (): string => join(folder, `${++files}.duckdb`);

async function query(path: string, sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

warehouseSuite(
  'duckdbWarehouse',
  async (lake) => {
    const path = newPath();
    return { warehouse: duckdbWarehouse(path, lake), query: (sql) => query(path, sql) };
  },
  { newField: 'null', maps: 'entries', anyName: true },
);

test('duckdbWarehouse: load waits for another process that holds the database, and says for which', async () => {
  const path = newPath();
  const script = `
    import { DuckDBInstance } from '@duckdb/node-api';
    const instance = await DuckDBInstance.create(process.argv[1]);
    console.log('open');
    process.stdin.once('data', () => { instance.closeSync(); process.exit(0); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const lake = memoryObjectStore();
  const load = await commitRows(lake, [OFFSET], 0, [{}, {}]);
  let loaded = false;
  const told = Promise.withResolvers<string>();
  const loading = duckdbWarehouse(path, lake, told.resolve)
    .load(tableOf([OFFSET]), [load])
    .then((report) => {
      loaded = true;
      return report;
    });
  // Only the holder can end the wait, so this is no race: either the load waits, or it has failed or gone on by now.
  expect(await Promise.race([told.promise, loading])).toMatch(
    new RegExp(`^Waiting for "${path}", held by .*\\(PID ${holder.pid}\\) \\.\\.\\.$`),
  );
  expect(loaded).toBe(false);
  holder.stdin.write('go');
  expect(await loading).toEqual({ loaded: 1, skipped: 0, rows: 2, running: [] });
});

test('duckdbWarehouse: load tells of a value that does not fit, and not the value', async () => {
  const path = newPath();
  const lake = memoryObjectStore();
  const numbers: Column[] = [OFFSET, { name: 'note', type: { kind: 'int', bits: 32, signed: true }, nullable: true }];
  const texts: Column[] = [OFFSET, { name: 'note', type: { kind: 'string' }, nullable: true }];
  const warehouse = duckdbWarehouse(path, lake);
  const load = warehouse.load(tableOf(numbers), [await commitRows(lake, texts, 0, [{ note: 'alice' }])]);
  const error: Error = await load.then(
    () => new Error('it was loaded'),
    (thrown) => thrown,
  );
  expect(error.message).toMatch(/^Cannot load "commits\/.*Conversion Error: Could not convert string '…' to INT32/);
});

test('duckdbWarehouse: load fails at once when the file is no database or cannot be made', async () => {
  const lake = memoryObjectStore();
  const load = await commitRows(lake, [OFFSET], 0, [{}]);
  const path = join(folder, 'no such folder', 'locked.duckdb');
  await expect(duckdbWarehouse(path, lake).load(tableOf([OFFSET]), [load])).rejects.toThrow(
    'No such file or directory',
  );
});

test('duckdbWarehouse: load starts another table when the contract names another, and leaves the first as it is', async () => {
  const path = newPath();
  const lake = memoryObjectStore();
  const warehouse = duckdbWarehouse(path, lake);
  const table = tableOf([OFFSET]);
  await warehouse.load(table, [await commitRows(lake, [OFFSET], 0, [{}, {}])]);
  await warehouse.load({ ...table, table: 'another' }, [await commitRows(lake, [OFFSET], 2, [{}])]);
  const counts = `SELECT (SELECT count(*) FROM ${table.table}) AS first, (SELECT count(*) FROM another) AS another`;
  expect(await query(path, counts)).toEqual([{ first: '2', another: '1' }]);
});

const INTEGER: ColumnType = { kind: 'int', bits: 64, signed: true };
const column = (type: ColumnType): Column => ({ name: 'value', type, nullable: true });
const struct = (fields: Readonly<Record<string, ColumnType>>): ColumnType => ({
  kind: 'struct',
  fields: Object.entries(fields).map(([name, type]) => ({ ...column(type), name })),
});

test.each<[string, ColumnType, ColumnType, string]>([
  ['an integer, now a number', INTEGER, { kind: 'double' }, 'it is BIGINT in the table and DOUBLE in schema version 1'],
  ['text, now JSON', { kind: 'string' }, { kind: 'json' }, 'it is VARCHAR in the table and JSON'],
  [
    'a decimal of another scale',
    { kind: 'decimal', precision: 9, scale: 2 },
    { kind: 'decimal', precision: 9, scale: 1 },
    'it is DECIMAL(9,2) in the table and DECIMAL(9,1)',
  ],
  [
    'a field, now narrower',
    struct({ lat: { kind: 'double' } }),
    struct({ lat: INTEGER, lon: INTEGER }),
    'it is STRUCT("lat" DOUBLE) in the table and STRUCT("lat" BIGINT, "lon" BIGINT)',
  ],
  [
    'a field less',
    struct({ lat: INTEGER, lon: INTEGER }),
    struct({ lat: INTEGER }),
    'it is STRUCT("lat" BIGINT, "lon"',
  ],
  [
    'a list of others',
    { kind: 'list', element: column(INTEGER) },
    { kind: 'list', element: column({ kind: 'string' }) },
    'it is BIGINT[] in the table and VARCHAR[]',
  ],
])('duckdbWarehouse: load refuses a table that has %s, and leaves its rows', async (_, before, after, reason) => {
  const path = newPath();
  const lake = memoryObjectStore();
  const warehouse = duckdbWarehouse(path, lake);
  const columns = [OFFSET, column(before)];
  await warehouse.load(tableOf(columns), [await commitRows(lake, columns, 0, [{}])]);
  const edited = [OFFSET, column(after)];
  const load = warehouse.load(tableOf(edited), [await commitRows(lake, edited, 1, [{}])]);
  await expect(load).rejects.toThrow(`Cannot change the column "value" of "order_created": ${reason}`);
  expect(await query(path, 'SELECT * FROM order_created')).toEqual([{ _offset: '0', value: null }]);
});
