/** Files read by independent readers, as values that compare with what was written. */
import { writeFile } from 'node:fs/promises';
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBUUIDValue,
} from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';

/** Rows as DuckDB reads them, in the file's order. */
export async function duckdbRows(connection: DuckDBConnection, path: string, file: Uint8Array): Promise<unknown[]> {
  await writeFile(path, file);
  // It would take the next file of the same path, size and second for this one.
  await connection.run('set enable_external_file_cache = false');
  const result = await connection.runAndReadAll(`select * from read_parquet('${path}')`);
  return result.getRowObjects().map((row) => plainDuckdb(row));
}

/** Rows as hyparquet reads them; its decimals are floating-point numbers. */
export async function hyparquetRows(file: Uint8Array): Promise<unknown[]> {
  const bytes = file.slice();
  const rows = await parquetReadObjects({
    file: bytes.buffer,
    compressors,
    utf8: false,
    parsers: {
      timestampFromMilliseconds: (millis) => millis * 1000n,
      timestampFromMicroseconds: (micros) => micros,
      timestampFromNanoseconds: (nanos) => nanos,
      dateFromDays: (days) => days,
      stringFromBytes: (some) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(some),
    },
  });
  return rows.map(plainHyparquet);
}

/** What DuckDB must give back for a value that was written. */
export function expectedDuckdb({ type }: Column, value: unknown): unknown {
  if (value === null) return null;
  return expected(type, value, (key, item) => [key, item]);
}

/** What hyparquet must give back: maps are objects, JSON is parsed, enums are bytes. */
export function expectedHyparquet({ type }: Column, value: unknown): unknown {
  if (value === null) return null;
  if (type.kind === 'enum') return Buffer.from(value as string).toString('hex');
  if (type.kind === 'json') return JSON.parse(value as string);
  if (type.kind === 'decimal') return expect.closeTo(Number(value) / 10 ** type.scale, -type.precision + 15);
  return expected(type, value, undefined);
}

type EntryForm = ((key: unknown, value: unknown) => unknown) | undefined;

function expected(type: ColumnType, value: unknown, entry: EntryForm): unknown {
  const inner = (column: Column, item: unknown) =>
    entry ? expectedDuckdb(column, item) : expectedHyparquet(column, item);
  switch (type.kind) {
    case 'float':
      return Math.fround(value as number);
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'timestamp':
      return value instanceof Date ? BigInt(value.getTime()) * 1000n : value;
    case 'struct':
      return Object.fromEntries(
        type.fields.map((field) => [field.name, inner(field, (value as Record<string, unknown>)[field.name] ?? null)]),
      );
    case 'list':
      return (value as unknown[]).map((item) => inner(type.element, item));
    case 'map': {
      const entries = [...(value as Map<unknown, unknown>)].map(
        ([key, item]) => [key, inner(type.value, item)] as const,
      );
      return entry ? entries.map(([key, item]) => entry(key, item)) : Object.fromEntries(entries);
    }
    default:
      return value;
  }
}

function plainDuckdb(value: unknown): unknown {
  if (value instanceof DuckDBUUIDValue) return value.toString();
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  if (value instanceof DuckDBListValue) return value.items.map(plainDuckdb);
  if (value instanceof DuckDBStructValue) return plainDuckdb(value.entries);
  if (value instanceof DuckDBMapValue) return value.entries.map(({ key, value: item }) => [key, plainDuckdb(item)]);
  return plainObject(value, plainDuckdb);
}

function plainHyparquet(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plainHyparquet);
  return plainObject(value, plainHyparquet);
}

function plainObject(value: unknown, plain: (value: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
