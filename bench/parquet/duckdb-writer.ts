/** DuckDB's appender, by data chunks, and its COPY. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  STRUCT,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import type { Column } from '../../pipeline/contract/column.ts';
import type { OpenBenchWriter } from './bench-writer.ts';

const CHUNK_ROWS = 2048;

/** With one thread, as CPU seconds are what is compared. */
export const openDuckdbWriter: OpenBenchWriter = async (columns, compression, folder) => {
  const path = join(folder, 'duckdb.parquet');
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const types = columns.map(duckdbType);
  const converts = columns.map(converter);
  await connection.run(`create table rows (${columns.map(({ name }, i) => `"${name}" ${types[i]}`).join(', ')})`);
  const appender = await connection.createAppender('rows');
  return {
    append(rows) {
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        const part = rows.slice(from, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types);
        chunk.setColumns(columns.map(({ name }, i) => part.map((row) => converts[i]?.(row[name]) ?? null)));
        appender.appendDataChunk(chunk);
      }
    },
    async finish() {
      appender.closeSync();
      await connection.run(`copy rows to '${path}' (format parquet, compression ${compression})`);
      connection.closeSync();
      return statSync(path).size;
    },
  };
};

function duckdbType({ type }: Column): DuckDBType {
  switch (type.kind) {
    case 'list':
      return LIST(duckdbType(type.element));
    case 'struct':
      return STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, duckdbType(field)])));
    case 'int':
      return type.bits === 64 ? BIGINT : INTEGER;
    case 'double':
      return DOUBLE;
    case 'boolean':
      return BOOLEAN;
    case 'timestamp':
      return TIMESTAMPTZ;
    default:
      return VARCHAR;
  }
}

type Convert = (value: unknown) => DuckDBValue;

function converter({ type }: Column): Convert {
  switch (type.kind) {
    case 'list': {
      const element = converter(type.element);
      return (value) => new DuckDBListValue((value as unknown[]).map(element));
    }
    case 'struct': {
      const fields = type.fields.map((field) => [field.name, converter(field)] as const);
      return (value) => (value ? structValue(value as Record<string, unknown>, fields) : null);
    }
    case 'timestamp':
      return (value) => new DuckDBTimestampTZValue(BigInt((value as Date).getTime()) * 1000n);
    case 'int':
      if (type.bits === 64) return (value) => (typeof value === 'number' ? BigInt(value) : null);
      return (value) => value as number;
    default:
      return (value) => value as DuckDBValue;
  }
}

function structValue(value: Record<string, unknown>, fields: readonly (readonly [string, Convert])[]): DuckDBValue {
  const entries: Record<string, DuckDBValue> = {};
  for (const [name, convert] of fields) entries[name] = convert(value[name]);
  return new DuckDBStructValue(entries);
}
