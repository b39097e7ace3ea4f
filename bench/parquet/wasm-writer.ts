/** parquet-wasm, from Arrow columns that Arrow's own builders make. */
import { Buffer } from 'node:buffer';
import * as arrow from 'apache-arrow';
import { Compression, Table, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import type { Column } from '../../pipeline/contract/column.ts';
import type { BenchCompression, OpenBenchWriter } from './bench-writer.ts';

const CODECS: Readonly<Record<BenchCompression, Compression>> = {
  snappy: Compression.SNAPPY,
  zstd: Compression.ZSTD,
};

/** Checks no values: what overflows a column wraps. */
export const openWasmWriter: OpenBenchWriter = (columns, compression) => {
  const builders = columns.map((column) => ({
    name: column.name,
    convert: converter(column),
    builder: arrow.makeBuilder({ type: arrowType(column), nullValues: [null, undefined] }),
  }));
  return {
    append(rows) {
      for (const { name, convert, builder } of builders) for (const row of rows) builder.append(convert(row[name]));
    },
    finish() {
      const vectors = builders.map(({ name, builder }) => [name, builder.finish().toVector()] as const);
      const ipc = arrow.tableToIPC(new arrow.Table(Object.fromEntries(vectors)), 'stream');
      const properties = new WriterPropertiesBuilder().setCompression(CODECS[compression]).build();
      return Buffer.from(writeParquet(Table.fromIPCStream(ipc), properties)).length;
    },
  };
};

function arrowType({ type }: Column): arrow.DataType {
  switch (type.kind) {
    case 'list':
      return new arrow.List(new arrow.Field('element', arrowType(type.element), false));
    case 'struct':
      return new arrow.Struct(
        type.fields.map((field) => new arrow.Field(field.name, arrowType(field), field.nullable)),
      );
    case 'int':
      return type.bits === 64 ? new arrow.Int64() : new arrow.Int32();
    case 'double':
      return new arrow.Float64();
    case 'boolean':
      return new arrow.Bool();
    case 'timestamp':
      return new arrow.TimestampMillisecond();
    default:
      return new arrow.Utf8();
  }
}

function converter({ type }: Column): (value: unknown) => unknown {
  if (type.kind === 'int' && type.bits === 64) return (value) => (typeof value === 'number' ? BigInt(value) : null);
  if (type.kind === 'timestamp') return (value) => (value as Date).getTime();
  return (value) => value;
}
