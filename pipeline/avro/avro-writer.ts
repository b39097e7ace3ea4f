/** Plain values into Avro's binary encoding. */
import { ByteBuffer } from '../parquet/byte-buffer.ts';
import { bigEndian } from '../parquet/decimal-appender.ts';
import type { AvroLeaf, AvroRecord, AvroType } from './avro-type.ts';

/** Writes one value, which must be one of the type in the form that `valueAppender` takes. */
type Write = (value: unknown, out: ByteBuffer) => void;

/** Compiles the encoder of records that are known to fit their schema. */
export function compileAvroWriter(record: AvroRecord): (value: unknown) => Uint8Array {
  const write = writer(record);
  const out = new ByteBuffer();
  return (value) => {
    out.length = 0;
    write(value, out);
    return out.view().slice();
  };
}

function writer(type: AvroType): Write {
  switch (type.kind) {
    case 'leaf':
      return leafWriter(type);
    case 'enum':
      return (value, out) => writeLong(out, type.symbols.indexOf(value as string));
    case 'array': {
      const write = writer(type.items);
      return (value, out) => writeBlock(value as readonly unknown[], write, out);
    }
    case 'map': {
      const write = writer(type.values);
      const writeEntry: Write = (entry, out) => {
        const [key, item] = entry as readonly [string, unknown];
        writeBytes(out, Buffer.from(key));
        write(item, out);
      };
      return (value, out) => writeBlock([...(value as ReadonlyMap<string, unknown>)], writeEntry, out);
    }
    case 'optional': {
      const write = writer(type.type);
      return (value, out) => {
        const isNull = value === null || value === undefined;
        writeLong(out, isNull ? type.nullBranch : 1 - type.nullBranch);
        if (!isNull) write(value, out);
      };
    }
    case 'record': {
      const fields = type.fields.map(({ name, type: inner }) => [name, writer(inner)] as const);
      return (value, out) => {
        for (const [name, write] of fields) write((value as Readonly<Record<string, unknown>>)[name], out);
      };
    }
  }
}

function leafWriter({ wire, size, column }: AvroLeaf): Write {
  switch (wire) {
    case 'boolean':
      return (value, out) => out.byte(value === true ? 1 : 0);
    case 'int':
    case 'long':
      return (value, out) => writeLong(out, value as number | bigint);
    case 'float':
      return (value, out) => out.append(new Uint8Array(Float32Array.of(value as number).buffer));
    case 'double':
      return (value, out) => out.append(new Uint8Array(Float64Array.of(value as number).buffer));
    case 'string':
      return (value, out) => writeBytes(out, Buffer.from(value as string));
    case 'bytes':
      if (column.kind !== 'decimal') return (value, out) => writeBytes(out, value as Uint8Array);
      return (value, out) => writeBytes(out, bigEndian(value as bigint, widthOf(value as bigint)));
    case 'fixed':
      if (column.kind === 'decimal') return (value, out) => out.append(bigEndian(value as bigint, size));
      if (column.kind !== 'uuid') return (value, out) => out.append(value as Uint8Array);
      return (value, out) => out.append(typeof value === 'string' ? uuidBytes(value) : (value as Uint8Array));
  }
}

/** One block with all items, and the one without any that ends it. */
function writeBlock(items: readonly unknown[], write: Write, out: ByteBuffer): void {
  if (items.length > 0) writeLong(out, items.length);
  for (const item of items) write(item, out);
  out.byte(0);
}

function writeBytes(out: ByteBuffer, bytes: Uint8Array): void {
  writeLong(out, bytes.length);
  out.append(bytes);
}

/** Up to this size twice a number is exact. */
const DOUBLED_MAX = 2 ** 52;

/** Zigzag, seven bits at a time. */
function writeLong(out: ByteBuffer, value: number | bigint): void {
  if (typeof value === 'number' && Math.abs(value) < DOUBLED_MAX) {
    out.varint(value < 0 ? -value * 2 - 1 : value * 2);
    return;
  }
  const signed = BigInt(value);
  let rest = signed < 0n ? -signed * 2n - 1n : signed * 2n;
  for (; rest > 0x7fn; rest >>= 7n) out.byte(Number(rest & 0x7fn) | 0x80);
  out.byte(Number(rest));
}

/** The least bytes that hold the value and its sign. */
function widthOf(value: bigint): number {
  let width = 1;
  while (BigInt.asIntN(width * 8, value) !== value) width++;
  return width;
}

function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}
