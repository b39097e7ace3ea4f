/** parquetjs-lite, the most used writer: row by row into a file. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import parquet from 'parquetjs-lite';
import type { Column } from '../../pipeline/contract/column.ts';
import type { OpenBenchWriter } from './bench-writer.ts';

interface FieldDefinition {
  type?: string;
  optional?: boolean;
  repeated?: boolean;
  compression?: 'SNAPPY';
  fields?: Record<string, FieldDefinition>;
}

/** Writes Snappy whatever is asked: it has no ZSTD. */
export const openParquetjsWriter: OpenBenchWriter = async (columns, _compression, folder) => {
  const path = join(folder, 'parquetjs.parquet');
  const schema = new parquet.ParquetSchema(fieldsOf(columns));
  const writer = await parquet.ParquetWriter.openFile(schema, path);
  writer.setRowGroupSize(65_536);
  return {
    async append(rows) {
      for (const row of rows) await writer.appendRow(row);
    },
    async finish() {
      await writer.close();
      return statSync(path).size;
    },
  };
};

function fieldsOf(columns: readonly Column[]): Record<string, FieldDefinition> {
  return Object.fromEntries(columns.map((column) => [column.name, fieldOf(column)]));
}

function fieldOf({ type, nullable }: Column): FieldDefinition {
  const optional = nullable ? { optional: true } : {};
  switch (type.kind) {
    case 'list':
      return { ...fieldOf(type.element), repeated: true };
    case 'struct':
      return { ...optional, fields: fieldsOf(type.fields) };
    case 'int':
      return { ...optional, type: type.bits === 64 ? 'INT64' : 'INT32', compression: 'SNAPPY' };
    case 'double':
      return { ...optional, type: 'DOUBLE', compression: 'SNAPPY' };
    case 'boolean':
      return { ...optional, type: 'BOOLEAN', compression: 'SNAPPY' };
    case 'timestamp':
      return { ...optional, type: 'TIMESTAMP_MILLIS', compression: 'SNAPPY' };
    default:
      return { ...optional, type: 'UTF8', compression: 'SNAPPY' };
  }
}
