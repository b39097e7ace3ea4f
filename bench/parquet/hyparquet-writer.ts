/** hyparquet-writer: all values of a column at once. */
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Column } from '../../pipeline/contract/column.ts';
import type { OpenBenchWriter } from './bench-writer.ts';
import type { Row } from './rows.ts';

/** Writes Snappy whatever is asked: its ZSTD needs a compressor of the caller's. */
export const openHyparquetWriter: OpenBenchWriter = (columns) => {
  const all: Row[] = [];
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap((column) => elementsOf(column, column.name)),
  ];
  return {
    append(rows) {
      for (const row of rows) all.push(row);
    },
    finish() {
      const columnData = columns.map(({ name, type }) => {
        const isLong = type.kind === 'int' && type.bits === 64;
        const data = all.map((row) => {
          const value = row[name] ?? undefined;
          return isLong && typeof value === 'number' ? BigInt(value) : value;
        });
        return { name, data };
      });
      return parquetWriteBuffer({ columnData, schema, codec: 'SNAPPY' }).byteLength;
    },
  };
};

function elementsOf({ type, nullable }: Column, name: string): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  const base = { name, repetition_type } as const;
  switch (type.kind) {
    case 'list':
      return [
        { ...base, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf(type.element, 'element'),
      ];
    case 'struct':
      return [
        { ...base, num_children: type.fields.length },
        ...type.fields.flatMap((field) => elementsOf(field, field.name)),
      ];
    case 'int':
      return [{ ...base, type: type.bits === 64 ? 'INT64' : 'INT32' }];
    case 'double':
      return [{ ...base, type: 'DOUBLE' }];
    case 'boolean':
      return [{ ...base, type: 'BOOLEAN' }];
    case 'timestamp':
      return [{ ...base, type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }];
    default:
      return [{ ...base, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
  }
}
