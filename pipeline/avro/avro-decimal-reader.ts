/** Avro's decimals, two's complement of any length, into decimal columns. */
import type { ColumnType } from '../contract/column.ts';
import { decimalWidth, type LeafNode } from '../parquet/column-tree.ts';
import { bigEndian } from '../parquet/decimal-appender.ts';
import { FixedValues } from '../parquet/fixed-values.ts';
import { NumberValues } from '../parquet/number-values.ts';
import { reject } from '../parquet/rejection.ts';
import type { AvroLeafReader } from './avro-leaf-reader.ts';
import type { AvroLeaf } from './avro-type.ts';

/**
 * The reader of decimals of the same scale and no more digits than the column's.
 *
 * @returns undefined where the writer's type or the column is another
 */
export function avroDecimalReader(
  { wire, size, column }: AvroLeaf,
  type: ColumnType,
  values: LeafNode['values'],
): AvroLeafReader | undefined {
  if (column.kind !== 'decimal' || type.kind !== 'decimal') return undefined;
  if (column.scale !== type.scale || column.precision > type.precision) return undefined;
  const push = decimalStore(values, type.precision);
  if (!push) return undefined;
  const { width } = push;
  const limit = 10n ** BigInt(column.precision) - 1n;
  const least = bigEndian(-limit, width);
  const greatest = bigEndian(limit, width);
  const outside = reject('range', `a decimal of at most ${column.precision} digits is required`);
  const value = new Uint8Array(width);
  return (cursor) => {
    const length = wire === 'fixed' ? size : cursor.length();
    const { at, bytes } = cursor;
    if (!cursor.skip(length)) return undefined;
    if (length === 0) return empty;
    if (!resize(bytes, at, length, value)) return outside;
    if (compareSigned(value, least) < 0 || compareSigned(value, greatest) > 0) return outside;
    push.push(value);
    return undefined;
  };
}

const empty = reject('wire', 'a decimal has one byte at least');

interface DecimalStore {
  /** Bytes of a value. */
  readonly width: number;
  readonly push: (bytes: Uint8Array) => void;
}

function decimalStore(values: LeafNode['values'], precision: number): DecimalStore | undefined {
  if (values instanceof FixedValues) return { width: decimalWidth(precision), push: (bytes) => values.push(bytes, 0) };
  if (!(values instanceof NumberValues)) return undefined;
  if (values.width === 1) return { width: 4, push: (bytes) => values.pushInt32(word(bytes, 0)) };
  return { width: 8, push: (bytes) => values.pushInt64(word(bytes, 4), word(bytes, 0)) };
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Writes `length` bytes at `at` to `out` with another width. @returns false where digits would be lost */
function resize(bytes: Uint8Array, at: number, length: number, out: Uint8Array): boolean {
  const sign = (bytes[at] as number) >= 0x80 ? 0xff : 0;
  const excess = length - out.length;
  for (let i = 0; i < excess; i++) if (bytes[at + i] !== sign) return false;
  for (let i = 0; i < out.length; i++) out[i] = i + excess < 0 ? sign : (bytes[at + i + excess] as number);
  return excess <= 0 || (out[0] as number) >>> 7 === sign >>> 7;
}

function compareSigned(a: Uint8Array, b: Uint8Array): number {
  const sign = ((b[0] as number) >>> 7) - ((a[0] as number) >>> 7);
  return sign === 0 ? Buffer.compare(a, b) : sign;
}
