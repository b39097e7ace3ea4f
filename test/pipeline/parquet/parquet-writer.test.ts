import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { Column } from '../../../pipeline/contract/column.ts';
import { inspectParquet } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../pipeline/parquet/parquet-writer.ts';
import { arbitraryStruct, arbitraryTable, everyLeafType, type Table } from './arbitrary-table.ts';
import { duckdbRows, expectedDuckdb, expectedHyparquet, hyparquetRows } from './read-back.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-parquet-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

function fileOf({ columns, rows }: Table, options: ParquetWriterOptions = {}): Uint8Array {
  const writer = new ParquetWriter(columns, options);
  expect(rows.flatMap((row) => writer.appendRow(row) ?? [])).toEqual([]);
  return writer.finish();
}

function expectedRows({ columns, rows }: Table, form: (column: Column, value: unknown) => unknown): unknown[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, form(column, row[column.name] ?? null)])),
  );
}

async function expectReadBack(table: Table, options: ParquetWriterOptions): Promise<void> {
  const file = fileOf(table, options);
  expect(inspectParquet(file).rows).toBe(table.rows.length);
  expect(await duckdbRows(duckdb, join(folder, 'table.parquet'), file)).toEqual(expectedRows(table, expectedDuckdb));
  expect(await hyparquetRows(file)).toEqual(expectedRows(table, expectedHyparquet));
}

const SMALL_PARTS = { rowGroupBytes: 4096, pageRows: 7 };

test.each(['zstd', 'snappy', 'uncompressed'] as const)(
  'ParquetWriter: DuckDB and hyparquet read every type back, %s',
  async (compression) => {
    const columns = everyLeafType();
    const rows = fc.sample(arbitraryStruct(columns), { numRuns: 120, seed: 7 });
    await expectReadBack({ columns, rows }, { compression });
    await expectReadBack({ columns, rows }, { compression, ...SMALL_PARTS });
  },
);

test.each([
  ['generated code', true],
  ['closures', false],
] as const)(
  'ParquetWriter: DuckDB and hyparquet read random nested tables of %s back',
  async (_, generatesCode) => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryTable(40, 3),
        fc.record({
          compression: fc.constantFrom('zstd', 'snappy', 'uncompressed'),
          rowGroupBytes: fc.constantFrom(500, 2 ** 20),
          pageRows: fc.constantFrom(1, 5, 1000),
          deltaEncodings: fc.boolean(),
        }),
        (table, options) => expectReadBack(table, { ...options, generatesCode }),
      ),
      { numRuns: 80, seed: 20_261_120 },
    );
  },
  60_000,
);

test('ParquetWriter: delta encodings hold integers of every size', async () => {
  const int64: Column = { name: 'n', type: { kind: 'int', bits: 64, signed: true }, nullable: false };
  const int32: Column = { name: 'm', type: { kind: 'int', bits: 32, signed: true }, nullable: false };
  const text: Column = { name: 's', type: { kind: 'string' }, nullable: false };
  const rows = (n: (i: number) => bigint, m: (i: number) => number) =>
    Array.from({ length: 1000 }, (_, i) => ({ n: n(i), m: m(i), s: `${i} ${'é'.repeat(i % 50)}` }));
  const columns = [int64, int32, text];
  const options = { deltaEncodings: true, pageRows: 300 };
  const offsets = { columns, rows: rows(BigInt, (i) => 1 - i) };
  await expectReadBack(offsets, options);
  expect(fileOf({ ...offsets, columns: [int64] }, options).length).toBeLessThan(800);
  const spread = 2n ** 44n - 3n;
  await expectReadBack(
    {
      columns,
      rows: rows(
        (i) => (i % 2 === 0 ? spread : -spread) * BigInt(i % 128),
        (i) => (i * 77_777) % 2 ** 31,
      ),
    },
    options,
  );
  await expectReadBack(
    {
      columns,
      rows: rows(
        (i) => 2n ** 62n + BigInt(i),
        (i) => (i % 2 === 0 ? 2 ** 31 - 1 : -(2 ** 31)),
      ),
    },
    options,
  );
});

test('ParquetWriter: a Bloom filter holds its column’s values and hardly any other', async () => {
  const number: Column = { name: 'n', type: { kind: 'int', bits: 64, signed: true }, nullable: true };
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    id: `order-${i}-${'x'.repeat(i % 40)}`,
    n: i % 2 === 0 ? i : null,
  }));
  const path = join(folder, 'bloom.parquet');
  const file = fileOf({ columns: [ID, number], rows }, { bloomColumns: ['id', 'n'] });
  await duckdbRows(duckdb, path, file);
  const excludes = async (column: string, value: string | bigint) => {
    const probe = await duckdb.runAndReadAll(
      `select bloom_filter_excludes from parquet_bloom_probe('${path}', '${column}', $1)`,
      [value],
    );
    return probe.getRows()[0]?.[0];
  };
  for (let i = 0; i < 3000; i += 100) {
    expect(await excludes('id', `order-${i}-${'x'.repeat(i % 40)}`)).toBe(false);
    expect(await excludes('n', BigInt(i))).toBe(false);
  }
  let excluded = 0;
  for (let i = 0; i < 100; i++) if (await excludes('id', `absent-${i}`)) excluded++;
  expect(excluded).toBeGreaterThan(90);
});

test('ParquetWriter: a Bloom filter needs a column of single values', () => {
  expect(() => new ParquetWriter([ID], { bloomColumns: ['key'] })).toThrow('"key"');
  const floats = (['float', 'double'] as const).map(
    (kind): Column => ({ name: kind, type: { kind }, nullable: false }),
  );
  expect(() => new ParquetWriter(floats, { bloomColumns: ['float'] })).toThrow('"float"');
  expect(() => new ParquetWriter(floats, { bloomColumns: ['double'] })).toThrow('"double"');
});

const ID: Column = { name: 'id', type: { kind: 'string' }, nullable: false };

function idRows(count: number, id: (i: number) => string): Table {
  return { columns: [ID], rows: Array.from({ length: count }, (_, i) => ({ id: id(i) })) };
}

test('ParquetWriter: text that stops repeating itself turns plain and reads back', async () => {
  const table = idRows(30_000, (i) => (i < 500 ? `city ${i % 7}` : `order-${i}`));
  await expectReadBack(table, {});
  await expectReadBack(table, { rowGroupBytes: 100_000 });
});

test('ParquetWriter: repeated text takes a fraction of its size', () => {
  const file = fileOf(
    idRows(30_000, (i) => `a product with a long title ${i % 2000}`),
    { compression: 'uncompressed' },
  );
  expect(file.length).toBeLessThan(30_000 * 4);
});

test('ParquetWriter: a filter finds every text, also where UTF-16 sorts otherwise than UTF-8', async () => {
  const texts = [
    'a',
    'Z',
    '',
    'é',
    '\uffee',
    '😀',
    'x'.repeat(300),
    `${'\u{10ffff}'.repeat(40)}!`,
    '\u007f'.repeat(100),
  ];
  const path = join(folder, 'filter.parquet');
  const file = fileOf(
    idRows(texts.length, (i) => texts[i] ?? ''),
    { pageRows: 1, rowGroupBytes: 1 },
  );
  await duckdbRows(duckdb, path, file);
  for (const text of texts) {
    const found = await duckdb.runAndReadAll(`select count(*) from '${path}' where id = $1`, [text]);
    expect(found.getRows()).toEqual([[1n]]);
  }
});

test('ParquetWriter: a refused row leaves no byte behind', () => {
  const { columns, rows } = fc.sample(arbitraryTable(60, 2), { numRuns: 1, seed: 11 })[0] as Table;
  const last: Column = { name: 'last', type: { kind: 'boolean' }, nullable: false };
  const write = (interleaved: boolean) => {
    const writer = new ParquetWriter([...columns, last]);
    for (const [i, row] of rows.entries()) {
      const bad = rows[rows.length - 1 - i] as Record<string, unknown>;
      if (interleaved) expect(writer.appendRow({ ...bad, last: 'yes' })).toMatchObject({ path: 'last' });
      writer.appendRow({ ...row, last: true });
    }
    return writer.finish();
  };
  expect(rows.length).toBeGreaterThan(3);
  expect(write(true)).toEqual(write(false));
});

test('ParquetWriter: DuckDB reads no file that was cut', async () => {
  const file = fileOf(idRows(40, (i) => `order-${i}`));
  const path = join(folder, 'cut.parquet');
  for (let length = 0; length < file.length; length++) {
    await expect(duckdbRows(duckdb, path, file.subarray(0, length))).rejects.toThrow();
  }
});

test('ParquetWriter: the next file of a writer is that of a new one', () => {
  const table = idRows(20_000, (i) => `order-${i}`);
  const writer = new ParquetWriter([ID]);
  const files = [0, 1].map(() => {
    for (const row of table.rows) writer.appendRow(row);
    return writer.finish();
  });
  expect(files[0]).toEqual(fileOf(table));
  expect(files[1]).toEqual(fileOf(table));
});

test('ParquetWriter: output taken on the way and the rest make the file', () => {
  const table = idRows(20_000, (i) => `order-${i}`);
  const options = { rowGroupBytes: 50_000 };
  const writer = new ParquetWriter([ID], options);
  const parts: Uint8Array[] = [];
  for (const row of table.rows) {
    writer.appendRow(row);
    parts.push(...writer.takeOutput());
  }
  expect(parts.length).toBeGreaterThan(5);
  expect(Buffer.concat([...parts, writer.finish()])).toEqual(Buffer.from(fileOf(table, options)));
});

test('ParquetWriter: refuses columns that Parquet cannot express', () => {
  expect(() => new ParquetWriter([])).toThrow('needs at least one');
  expect(() => new ParquetWriter([ID, ID])).toThrow('all different');
  const tooLong: Column = { ...ID, type: { kind: 'decimal', precision: 39, scale: 0 } };
  expect(() => new ParquetWriter([tooLong])).toThrow('decimal(39,0)');
});

test.each([true, false])(
  'ParquetWriter: an absent field is null, also one that every object inherits (%s)',
  (generatesCode) => {
    const field: Column = { name: 'constructor', type: { kind: 'string' }, nullable: true };
    const struct: Column = { name: 'toString', type: { kind: 'struct', fields: [field] }, nullable: true };
    const writer = new ParquetWriter([struct, field], { generatesCode });
    expect(writer.appendRow({})).toBeUndefined();
    expect(writer.appendRow({ toString: {} })).toBeUndefined();
    expect(writer.appendRow({ toString: { constructor: 'a' }, constructor: 'b' })).toBeUndefined();
    expect(writer.appendRow({ constructor: 1 })).toMatchObject({ path: 'constructor' });
    expect(writer.rowCount).toBe(3);
  },
);

test('ParquetWriter: nesting that a byte of levels holds is written, deeper nesting refused', async () => {
  const nested = (depth: number): Column => ({
    name: depth === 0 ? 'element' : 'list',
    type: depth === 0 ? { kind: 'boolean' } : { kind: 'list', element: nested(depth - 1) },
    nullable: true,
  });
  const value = (depth: number): unknown => (depth === 0 ? true : [value(depth - 1)]);
  for (const depth of [100, 127]) {
    const writer = new ParquetWriter([nested(depth)]);
    expect(writer.appendRow({ list: value(depth) })).toBeUndefined();
    expect(writer.finish().length).toBeGreaterThan(0);
  }
  for (const depth of [128, 300]) {
    expect(() => new ParquetWriter([nested(depth)])).toThrow(
      'Cannot make a column below "list": it is nested more than',
    );
  }
});
