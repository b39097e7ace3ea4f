import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { ColumnType } from '../../../pipeline/contract/column.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../pipeline/parquet/parquet-writer.ts';
import { duckdbRows, hyparquetRows } from './read-back.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-delta-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

const path = () => join(folder, 'delta.parquet');

function fileOf(values: readonly unknown[], options: ParquetWriterOptions, type: ColumnType = { kind: 'string' }) {
  const writer = new ParquetWriter([{ name: 's', type, nullable: true }], options);
  for (const s of values) expect(writer.appendRow({ s })).toBeUndefined();
  return writer.finish();
}

async function encodingOf(file: Uint8Array): Promise<unknown> {
  await duckdbRows(duckdb, path(), file);
  const metadata = await duckdb.runAndReadAll(`select distinct encodings from parquet_metadata('${path()}')`);
  return metadata.getRows();
}

const DELTA = { deltaEncodings: true, compression: 'uncompressed' } as const;
const sorted = Array.from({ length: 5000 }, (_, i) => `https://example.com/orders/${String(i * 7).padStart(8, '0')}`);

test('ParquetWriter: sorted text takes DELTA_BYTE_ARRAY and a fraction of the bytes', async () => {
  const file = fileOf(sorted, DELTA);
  expect(await encodingOf(file)).toEqual([['RLE, DELTA_BYTE_ARRAY']]);
  expect(file.length * 5).toBeLessThan(fileOf(sorted, { compression: 'uncompressed' }).length);
  expect(fileOf(sorted, { deltaEncodings: true }).length).toBeLessThan(fileOf(sorted, {}).length);
});

test('ParquetWriter: text that shares nothing keeps DELTA_LENGTH_BYTE_ARRAY', async () => {
  const texts = Array.from({ length: 2000 }, (_, i) => `${(i * 7919) % 2003}-${i}`);
  expect(await encodingOf(fileOf(texts, DELTA))).toEqual([['RLE, DELTA_LENGTH_BYTE_ARRAY']]);
});

test('ParquetWriter: each page of DELTA_BYTE_ARRAY begins with a whole value', async () => {
  const file = fileOf(sorted, { ...DELTA, pageRows: 64 });
  expect(await duckdbRows(duckdb, path(), file)).toEqual(sorted.map((s) => ({ s })));
  const found = await duckdb.runAndReadAll(`select count(*) from '${path()}' where s = $1`, [sorted[4321] as string]);
  expect(found.getRows()).toEqual([[1n]]);
});

/** Texts that share beginnings of any length, also within a character. */
const sharing = fc.array(
  fc.option(
    fc
      .tuple(fc.constantFrom('', 'a', 'order-', 'grö', 'größe', '😀', '😁', 'x'.repeat(200)), fc.nat(3), fc.nat(50))
      .map(([prefix, times, number]) => `prefix/${prefix.repeat(times)}${number}`),
    { nil: null },
  ),
  { minLength: 1, maxLength: 300 },
);

test('ParquetWriter: DuckDB and hyparquet read random texts of shared beginnings', async () => {
  const options = fc.record({ pageRows: fc.constantFrom(1, 7, 1000), rowGroupBytes: fc.constantFrom(1000, 2 ** 20) });
  await fc.assert(
    fc.asyncProperty(sharing, fc.boolean(), options, async (texts, sort, more) => {
      const values = sort ? [...texts].sort() : texts;
      const file = fileOf(values, { deltaEncodings: true, ...more });
      const rows = values.map((s) => ({ s }));
      expect(await duckdbRows(duckdb, path(), file)).toEqual(rows);
      expect(await hyparquetRows(file)).toEqual(rows);
    }),
    { numRuns: 60, seed: 20_261_120 },
  );
}, 60_000);

test('ParquetWriter: bytes of shared beginnings read back too', async () => {
  const values = sorted.slice(0, 500).map((text) => Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(text)]));
  const file = fileOf(values, DELTA, { kind: 'bytes' });
  expect(await encodingOf(file)).toEqual([['RLE, DELTA_BYTE_ARRAY']]);
  expect(await hyparquetRows(file)).toEqual(values.map((s) => ({ s: s.toString('hex') })));
});
