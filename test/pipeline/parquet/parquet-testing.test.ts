/**
 * The features of the files of apache/parquet-testing that the writer has, each written here and read by another reader.
 * What it does not have is in docs/parquet.md; the last test holds that list to what is written.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { type ColumnMetaData, parquetMetadata, readColumnIndex, readOffsetIndex } from 'hyparquet';
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';
import { inspectParquet } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../pipeline/parquet/parquet-writer.ts';
import { readThriftStruct } from '../../../pipeline/parquet/thrift-reader.ts';
import { arbitraryStruct, everyLeafType, everyNesting } from './arbitrary-table.ts';
import { duckdbRows, expectedDuckdb, expectedHyparquet, hyparquetRows } from './read-back.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-features-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

const path = () => join(folder, 'feature.parquet');
const INT32: ColumnType = { kind: 'int', bits: 32, signed: true };
const INT64: ColumnType = { kind: 'int', bits: 64, signed: true };
const TEXT: ColumnType = { kind: 'string' };
const optional = (type: ColumnType, name = 'v'): Column => ({ name, type, nullable: true });
const required = (type: ColumnType, name = 'v'): Column => ({ name, type, nullable: false });
const decimal = (precision: number): ColumnType => ({ kind: 'decimal', precision, scale: 2 });
const list = (element: Column): ColumnType => ({ kind: 'list', element: { ...element, name: 'element' } });
const map = (value: Column): ColumnType => ({
  kind: 'map',
  key: required(TEXT, 'key'),
  value: { ...value, name: 'value' },
});
const struct = (...fields: Column[]): ColumnType => ({ kind: 'struct', fields });

/** A file of one column that DuckDB and hyparquet have read back equal. */
async function readBack(
  column: Column,
  values: readonly unknown[],
  options: ParquetWriterOptions = {},
): Promise<Uint8Array> {
  const writer = new ParquetWriter([column], options);
  for (const value of values) expect(writer.appendRow({ [column.name]: value })).toBeUndefined();
  const file = writer.finish();
  const rows = (form: typeof expectedDuckdb) => values.map((value) => ({ [column.name]: form(column, value ?? null) }));
  expect(await duckdbRows(duckdb, path(), file)).toEqual(rows(expectedDuckdb));
  expect(await hyparquetRows(file)).toEqual(rows(expectedHyparquet));
  return file;
}

/** The column chunks as hyparquet finds them. */
function chunks(file: Uint8Array) {
  const { buffer } = file.slice();
  const metadata = parquetMetadata(buffer);
  return metadata.row_groups.flatMap(({ columns }) =>
    columns.map((chunk) => ({ chunk, meta: chunk.meta_data as ColumnMetaData, schema: metadata.schema, buffer })),
  );
}

function encodings(file: Uint8Array): string[] {
  return [...new Set(chunks(file).flatMap(({ meta }) => meta.encodings))].sort();
}

const many = (value: (i: number) => unknown, count = 300) => Array.from({ length: count }, (_, i) => value(i));
const PLAIN = { compression: 'uncompressed' } as const;

test('alltypes_plain, binary: PLAIN values of every physical type', async () => {
  const distinct = 300;
  const values: readonly [ColumnType, (i: number) => unknown][] = [
    [INT32, (i) => i * 7_000_003],
    [INT64, (i) => BigInt(i) * 7_000_000_000_003n],
    [{ kind: 'float' }, (i) => i / 8],
    [{ kind: 'double' }, (i) => i / 7],
    [{ kind: 'boolean' }, (i) => i % 3 === 0],
    [TEXT, (i) => `${i}`],
    [{ kind: 'bytes' }, (i) => Uint8Array.of(i, i >> 8, 0xff)],
    [{ kind: 'uuid' }, (i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`],
  ];
  for (const [type, value] of values) {
    expect(encodings(await readBack(required(type), many(value, distinct), PLAIN))).toEqual(['PLAIN', 'RLE']);
  }
});

test('alltypes_dictionary, rle-dict, plain-dict: RLE_DICTIONARY of numbers and text', async () => {
  for (const [type, value] of [
    [INT32, (i: number) => (i % 5) * 1000],
    [INT64, (i: number) => BigInt(i % 300) * 10n ** 12n],
    [{ kind: 'double' }, (i: number) => (i % 2) / 3],
    [TEXT, (i: number) => `city ${i % 40}`],
  ] as const) {
    const file = await readBack(optional(type), many(value, 2000), { pageRows: 300 });
    expect(encodings(file)).toEqual(['PLAIN', 'RLE', 'RLE_DICTIONARY']);
    expect(chunks(file)[0]?.meta.dictionary_page_offset).toBe(4n);
  }
});

test('datapage_v1-*-checksum: each page has the CRC of its compressed bytes, and a wrong one is noticed', async () => {
  for (const compression of ['uncompressed', 'snappy', 'zstd'] as const) {
    const file = await readBack(
      required(INT32),
      many((i) => i % 7),
      { compression },
    );
    const broken = file.slice();
    // The last byte of the only data page.
    const at = Number(chunks(file)[0]?.meta.total_compressed_size) + 4 - 1;
    broken[at] = (broken[at] as number) ^ 1;
    expect(() => inspectParquet(broken)).toThrow('checksum');
  }
});

test('delta_binary_packed, delta_encoding_*_column: differences of every width', async () => {
  for (let bits = 0; bits <= 42; bits += 3) {
    const values = many((i) => BigInt((i * 7919) % 401) * 2n ** BigInt(bits) - 5n, 400);
    const file = await readBack(optional(INT64), [null, ...values], { ...PLAIN, deltaEncodings: true, pageRows: 150 });
    expect(encodings(file)).toEqual(['DELTA_BINARY_PACKED', 'RLE']);
  }
  const int32 = await readBack(
    required(INT32),
    many((i) => (i * 7919) % 100_003, 400),
    { ...PLAIN, deltaEncodings: true },
  );
  expect(encodings(int32)).toEqual(['DELTA_BINARY_PACKED', 'RLE']);
});

test('delta_length_byte_array, delta_byte_array: text by its lengths, or by what it shares', async () => {
  const lengths = await readBack(optional(TEXT), [null, ...many((i) => `${(i * 7919) % 1009}`)], {
    deltaEncodings: true,
  });
  expect(encodings(lengths)).toEqual(['DELTA_LENGTH_BYTE_ARRAY', 'RLE']);
  const shared = await readBack(optional(TEXT), [null, ...many((i) => `order-${1000 + i}`)], { deltaEncodings: true });
  expect(encodings(shared)).toEqual(['DELTA_BYTE_ARRAY', 'RLE']);
});

test('int32_decimal, int64_decimal, fixed_length_decimal: decimals in the least bytes that hold them', async () => {
  for (const [precision, type] of [
    [9, 'INT32'],
    [18, 'INT64'],
    [19, 'FIXED_LEN_BYTE_ARRAY'],
    [38, 'FIXED_LEN_BYTE_ARRAY'],
  ] as const) {
    const limit = 10n ** BigInt(precision) - 1n;
    const file = await readBack(optional(decimal(precision)), [limit, -limit, 0n, null, -1n, 100n]);
    expect(chunks(file)[0]?.meta.type).toBe(type);
  }
});

test('nested_lists, nested_maps, nested_structs, list_columns, null_list, nulls, nullable, nonnullable', async () => {
  const lists = list(optional(list(optional(list(optional(TEXT))))));
  await readBack(optional(lists), [null, [], [null], [[]], [[null]], [[[]]], [[['a', null], []], null, [['b']]]]);
  const maps = map(optional(map(optional(INT64))));
  const inner = new Map([
    ['x', null],
    ['y', 2n],
  ]);
  await readBack(optional(maps), [
    null,
    new Map(),
    new Map([['a', null]]),
    new Map<string, unknown>([
      ['a', inner],
      ['b', new Map()],
    ]),
  ]);
  const structs = struct(optional(struct(optional(INT32, 'i'), required(TEXT, 't')), 's'), optional(INT32, 'n'));
  await readBack(optional(structs), [null, { s: null, n: 1 }, { s: { i: null, t: 'x' }, n: null }]);
  await readBack(required(list(required(struct(required(TEXT, 't'))))), [[], [{ t: 'a' }, { t: 'b' }]]);
  await readBack(optional(struct(optional(INT32, 'i'))), [null, { i: null }, { i: 1 }]);
});

test('alltypes_tiny_pages, fixed_length_byte_array, int32_with_null_pages: the page index is of each page', async () => {
  const uuids = many((i) => (i < 20 ? null : `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`));
  for (const [type, values] of [
    [INT32, many((i) => (i % 50 < 10 ? null : i))],
    [{ kind: 'uuid' }, uuids],
    [TEXT, many((i) => `city ${i % 4}`)],
  ] as const) {
    const file = await readBack(optional(type), values, { pageRows: 10 });
    const [{ chunk, schema, buffer } = fail()] = chunks(file);
    const at = (offset: unknown) => ({ view: new DataView(buffer), offset: Number(offset) });
    const offsets = readOffsetIndex(at(chunk.offset_index_offset));
    expect(offsets.page_locations.map((page) => Number(page.first_row_index))).toEqual(many((i) => i * 10, 30));
    const index = readColumnIndex(at(chunk.column_index_offset), schema[1] ?? fail());
    const pages = many((i) => values.slice(i * 10, i * 10 + 10), 30) as unknown[][];
    expect(index.null_pages).toEqual(pages.map((page) => page.every((value) => value === null)));
    expect(index.null_counts?.map(Number)).toEqual(pages.map((page) => page.filter((value) => value === null).length));
  }
});

test('overflow_i16_page_cnt: a row group of more than 32,767 pages', async () => {
  const writer = new ParquetWriter([required(INT32)], { ...PLAIN, pageRows: 1 });
  for (let v = 0; v < 33_000; v++) writer.appendRow({ v });
  const file = writer.finish();
  expect(inspectParquet(file)).toMatchObject({ rows: 33_000, rowGroups: 1 });
  await writeFile(path(), file);
  const sums = await duckdb.runAndReadAll(`select count(*), sum(v)::bigint from '${path()}'`);
  expect(sums.getRows()).toEqual([[33_000n, (33_000n * 32_999n) / 2n]]);
});

test('data_index_bloom_encoding_with_length: a Bloom filter has its place and length in the footer', async () => {
  const values = many((i) => `order-${i}`);
  const [{ meta } = fail()] = chunks(await readBack(required(TEXT, 'id'), values, { bloomColumns: ['id'] }));
  expect(Number(meta.bloom_filter_offset)).toBeGreaterThan(0);
  expect(meta.bloom_filter_length).toBeGreaterThan(32);
  const probe = await duckdb.runAndReadAll(
    `select bloom_filter_excludes from parquet_bloom_probe('${path()}', 'id', 'order-299')
     union all select bloom_filter_excludes from parquet_bloom_probe('${path()}', 'id', 'none')`,
  );
  expect(probe.getRows()).toEqual([[false], [true]]);
});

test('binary_truncated_min_max: long bounds are cut, hold, and say that they are not exact', async () => {
  const long = `m${'x'.repeat(100)}`;
  for (const [values, exact] of [
    [
      ['a', 'b'],
      [true, true],
    ],
    [
      ['a', long],
      [true, false],
    ],
    [
      [long, `${long}y`],
      [false, false],
    ],
  ] as const) {
    const [{ meta } = fail()] = chunks(await readBack(required(TEXT), values));
    const { min_value, max_value, is_min_value_exact, is_max_value_exact } = meta.statistics ?? fail();
    expect([is_min_value_exact, is_max_value_exact]).toEqual(exact);
    expect(Buffer.compare(Buffer.from(String(min_value)), Buffer.from(values[0]))).toBeLessThanOrEqual(0);
    expect(Buffer.compare(Buffer.from(String(max_value)), Buffer.from(values[1]))).toBeGreaterThanOrEqual(0);
  }
});

test('nan_in_stats, single_nan, float zeros: no bound is NaN, and a zero bound covers both zeros', async () => {
  for (const kind of ['float', 'double'] as const) {
    const statistics = async (...values: number[]) =>
      chunks(await readBack(required({ kind }), values))[0]?.meta.statistics;
    expect((await statistics(Number.NaN))?.min_value).toBeUndefined();
    expect((await statistics(1, Number.NaN, 2))?.max_value).toBeUndefined();
    expect(await statistics(0, 0)).toMatchObject({ min_value: -0, max_value: 0 });
    expect(await statistics(-0)).toMatchObject({ min_value: -0, max_value: 0 });
  }
});

test('nothing is written that docs/parquet.md does not name', async () => {
  const found = {
    encodings: new Set<string>(),
    codecs: new Set<string>(),
    types: new Set<string>(),
    pages: new Set<unknown>(),
  };
  const columns = [...everyNesting(), ...everyLeafType().map((column) => ({ ...column, name: `flat_${column.name}` }))];
  const rows = fc.sample(arbitraryStruct(columns), { numRuns: 20, seed: 1 });
  for (const compression of ['zstd', 'snappy', 'uncompressed'] as const) {
    for (const deltaEncodings of [false, true]) {
      const writer = new ParquetWriter([...columns, required(TEXT, 'id')], { compression, deltaEncodings });
      for (const [i, row] of rows.entries()) writer.appendRow({ ...row, id: `order-${i}` });
      const file = writer.finish();
      for (const type of pageTypes(file)) found.pages.add(type);
      for (const { meta } of chunks(file)) {
        for (const encoding of meta.encodings) found.encodings.add(encoding);
        found.codecs.add(meta.codec);
        found.types.add(meta.type);
      }
    }
  }
  expect([...found.codecs].sort()).toEqual(['SNAPPY', 'UNCOMPRESSED', 'ZSTD']);
  expect([...found.types].sort()).toEqual([
    'BOOLEAN',
    'BYTE_ARRAY',
    'DOUBLE',
    'FIXED_LEN_BYTE_ARRAY',
    'FLOAT',
    'INT32',
    'INT64',
  ]);
  // DATA_PAGE and DICTIONARY_PAGE, and no DATA_PAGE_V2.
  expect([...found.pages].sort()).toEqual([0, 2]);
  const text = 'DELTA_BYTE_ARRAY DELTA_LENGTH_BYTE_ARRAY';
  expect([...found.encodings].sort().join(' ')).toBe(`DELTA_BINARY_PACKED ${text} PLAIN RLE RLE_DICTIONARY`);
});

/** The types in the page headers, which no other reader tells. */
function pageTypes(file: Uint8Array): unknown[] {
  return chunks(file).flatMap(({ meta }) => {
    const types: unknown[] = [];
    const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
    const end = start + Number(meta.total_compressed_size);
    for (let at = start; at < end; ) {
      const { struct: header, end: body } = readThriftStruct(file, at);
      types.push(header.get(1));
      at = body + Number(header.get(3));
    }
    return types;
  });
}

function fail(): never {
  throw new Error('the file lacks a part');
}
