import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import type { Column } from '../../../pipeline/contract/column.ts';
import { CorruptParquetError, inspectParquet } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../pipeline/parquet/parquet-writer.ts';
import { arbitraryStruct, everyLeafType, everyNesting } from './arbitrary-table.ts';
import { expectedSchema, flattened } from './expected-schema.ts';
import { duckdbRows, expectedDuckdb, expectedHyparquet, hyparquetRows } from './read-back.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-nesting-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

const path = () => join(folder, 'table.parquet');

function fileOf(columns: readonly Column[], rows: readonly Record<string, unknown>[], options: ParquetWriterOptions) {
  const writer = new ParquetWriter(columns, options);
  expect(rows.flatMap((row) => writer.appendRow(row) ?? [])).toEqual([]);
  return writer.finish();
}

test.each([{}, { deltaEncodings: true, pageRows: 3, rowGroupBytes: 5000 }])(
  'ParquetWriter: DuckDB and hyparquet read each type in each nesting, %j',
  async (options) => {
    const columns = everyNesting();
    const rows = fc.sample(arbitraryStruct(columns), { numRuns: 12, seed: 12 });
    const file = fileOf(columns, rows, options);
    const expected = (form: (column: Column, value: unknown) => unknown) =>
      rows.map((row) => Object.fromEntries(columns.map((column) => [column.name, form(column, row[column.name])])));
    expect(await duckdbRows(duckdb, path(), file)).toEqual(expected(expectedDuckdb));
    expect(await hyparquetRows(file)).toEqual(expected(expectedHyparquet));
  },
  30_000,
);

test('ParquetWriter: DuckDB and hyparquet find each type in each nesting in the schema', async () => {
  const columns = [...everyLeafType().map((column) => ({ ...column, name: `flat_${column.name}` })), ...everyNesting()];
  const file = fileOf(columns, [], {});
  await writeFile(path(), file);
  const elements = flattened(expectedSchema(columns));
  const schema = await duckdb.runAndReadAll(
    `select name, repetition_type, type, type_length::int, num_children::int from parquet_schema('${path()}') offset 1`,
  );
  expect(schema.getRows()).toEqual(
    elements.map(({ name, repetition, physical, length, fields }) => [
      name,
      repetition,
      physical,
      length > 0 ? length : null,
      fields.length > 0 ? fields.length : null,
    ]),
  );
  const [, ...found] = parquetMetadata(file.slice().buffer).schema;
  expect(found.map((element) => [element.name, element.type ?? null, logicalForm(element)])).toEqual(
    elements.map(({ name, physical, logical }) => [name, physical, logical]),
  );
});

/** hyparquet's form of a logical type as parquet-java's. */
function logicalForm({ logical_type: logical }: ReturnType<typeof parquetMetadata>['schema'][number]): string | null {
  if (!logical) return null;
  switch (logical.type) {
    case 'INTEGER':
      return `INTEGER(${logical.bitWidth},${logical.isSigned})`;
    case 'DECIMAL':
      return `DECIMAL(${logical.precision},${logical.scale})`;
    case 'TIMESTAMP':
      return `TIMESTAMP(${logical.unit},${logical.isAdjustedToUTC})`;
    default:
      return logical.type;
  }
}

test('ParquetWriter: a filter on a value of any column loses no row', async () => {
  const columns = everyLeafType();
  const rows = fc.sample(arbitraryStruct(columns), { numRuns: 200, seed: 21 });
  await duckdbRows(duckdb, path(), fileOf(columns, rows, { rowGroupBytes: 3000, pageRows: 5 }));
  await duckdb.run(`create table rows as select * from '${path()}'`);
  let filters = 0;
  for (const { name } of columns) {
    const picks = await duckdb.runAndReadAll(
      `select typeof(v), v::varchar, (select count(*) from rows where ${name} = v) from
       (select unnest([min(${name}), max(${name}), any_value(${name}), last(${name})]) as v from rows) where v is not null`,
    );
    for (const [type, value, expected] of picks.getRows()) {
      const literal = `'${String(value).replaceAll("'", "''")}'::${type}`;
      const found = await duckdb.runAndReadAll(`select count(*) from '${path()}' where ${name} = ${literal}`);
      expect({ name, literal, rows: found.getRows()[0]?.[0] }).toEqual({ name, literal, rows: expected });
      filters++;
    }
  }
  expect(filters).toBeGreaterThan(columns.length * 3);
}, 30_000);

test('ParquetWriter: a file of every part, cut at any byte, is read by none', async () => {
  const element: Column = { name: 'element', type: { kind: 'int', bits: 64, signed: true }, nullable: true };
  const columns: Column[] = [
    { name: 'id', type: { kind: 'string' }, nullable: false },
    { name: 'list', type: { kind: 'list', element }, nullable: true },
  ];
  const rows = Array.from({ length: 20 }, (_, i) => ({ id: `order-${i}`, list: i % 3 === 0 ? null : [i, null] }));
  const file = fileOf(columns, rows, { rowGroupBytes: 200, pageRows: 8, bloomColumns: ['id'], deltaEncodings: true });
  expect(inspectParquet(file).rowGroups).toBeGreaterThan(1);
  expect((await duckdbRows(duckdb, path(), file)).length).toBe(20);
  for (let length = 0; length < file.length; length++) {
    const part = file.subarray(0, length);
    expect(() => inspectParquet(part)).toThrow(CorruptParquetError);
    await expect(duckdbRows(duckdb, path(), part)).rejects.toThrow();
  }
}, 60_000);
