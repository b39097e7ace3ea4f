/** Single values from Avro bytes into a leaf's store. */
import { BooleanValues } from '../parquet/boolean-values.ts';
import { BytesValues } from '../parquet/bytes-values.ts';
import type { LeafNode } from '../parquet/column-tree.ts';
import { FixedValues } from '../parquet/fixed-values.ts';
import { EARLIEST_MS, LATEST_MS } from '../parquet/leaf-appender.ts';
import type { NumberValues } from '../parquet/number-values.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';
import type { AvroCursor } from './avro-cursor.ts';
import { avroDecimalReader } from './avro-decimal-reader.ts';
import type { AvroEnum, AvroLeaf } from './avro-type.ts';
import { avroUuidReader } from './avro-uuid-reader.ts';

/**
 * Reads one value at the cursor into a leaf's store. Malformed bytes set the cursor's `failed` instead of rejecting.
 */
export type AvroLeafReader = (cursor: AvroCursor) => Rejection | undefined;

/**
 * The reader of a leaf's values.
 *
 * @returns undefined where the column cannot hold every value of the writer's type: an int may become a long or a
 * double and a float a double, but a long no double, which would lose digits
 */
export function avroLeafReader(writer: AvroLeaf, { values, column }: LeafNode): AvroLeafReader | undefined {
  const { wire } = writer;
  const { type } = column;
  const from = writer.column.kind;
  if (type.kind === 'decimal' || from === 'decimal') return avroDecimalReader(writer, type, values);
  if (values instanceof FixedValues || from === 'uuid') return avroUuidReader(writer, type, values);
  if (values instanceof BytesValues) return type.kind === 'enum' ? undefined : bytesReader(writer, values);
  if (values instanceof BooleanValues) return wire === 'boolean' ? booleanReader(values) : undefined;
  if (type.kind === 'timestamp') return timestampReader(writer, type.unit, values);
  if (type.kind === 'date' || from === 'date') {
    return type.kind === 'date' && from === 'date' ? dateReader(values) : undefined;
  }
  if (from === 'timestamp') return undefined;
  return type.kind === 'int' ? integerReader(writer, values) : floatReader(writer, values);
}

/** The reader of an enum; rows carry the symbol. `known` are the symbols of the schema that the columns are of. */
export function avroEnumReader(
  writer: AvroEnum,
  known: AvroEnum,
  { values, column }: LeafNode,
): AvroLeafReader | undefined {
  if (!(values instanceof BytesValues) || column.type.kind !== 'enum') return undefined;
  const names = writer.symbols.map((symbol) => {
    const name = known.symbols.includes(symbol) ? symbol : known.fallback;
    return name === undefined ? undefined : new TextEncoder().encode(name);
  });
  return (cursor) => {
    const name = names[cursor.int()];
    if (!name) return unknownSymbol;
    values.pushBytes(name, 0, name.length);
    return undefined;
  };
}

const unknownSymbol = reject('enum', 'the number of a symbol that the enum has is required');
const outsideYears = reject('range', 'a time in the years 1 to 9999 is required');

function bytesReader({ wire, size }: AvroLeaf, values: BytesValues): AvroLeafReader | undefined {
  if (wire !== 'string' && wire !== 'bytes' && (wire !== 'fixed' || values.text)) return undefined;
  return (cursor) => {
    const length = wire === 'fixed' ? size : cursor.length();
    const { at } = cursor;
    if (!cursor.skip(length)) return undefined;
    if (!values.pushBytes(cursor.bytes, at, at + length)) return values.refusal;
    return undefined;
  };
}

function booleanReader(values: BooleanValues): AvroLeafReader {
  return (cursor) => {
    values.push(cursor.boolean());
    return undefined;
  };
}

function integerReader({ wire }: AvroLeaf, values: NumberValues): AvroLeafReader | undefined {
  if (wire !== 'int' && (wire !== 'long' || values.width === 1)) return undefined;
  if (values.width === 1) {
    return (cursor) => {
      values.pushInt32(cursor.int());
      return undefined;
    };
  }
  return (cursor) => {
    if (wire === 'long') {
      cursor.long();
      values.pushInt64(cursor.low, cursor.high);
    } else values.pushSafeInteger(cursor.int());
    return undefined;
  };
}

function floatReader({ wire }: AvroLeaf, values: NumberValues): AvroLeafReader | undefined {
  if (values.width === 1 ? wire !== 'float' : wire !== 'float' && wire !== 'double' && wire !== 'int') {
    return undefined;
  }
  const word = new Int32Array(1);
  const float = new Float32Array(word.buffer);
  return (cursor) => {
    if (wire === 'double') {
      cursor.fixed64();
      values.pushInt64(cursor.low, cursor.high);
    } else if (values.width === 1) values.pushInt32(cursor.fixed32());
    else if (wire === 'int') values.pushDouble(cursor.int());
    else {
      word[0] = cursor.fixed32();
      values.pushDouble(float[0] as number);
    }
    return undefined;
  };
}

function dateReader(values: NumberValues): AvroLeafReader {
  const msPerDay = 86_400_000;
  return (cursor) => {
    const days = cursor.int();
    if (days < EARLIEST_MS / msPerDay || days > Math.floor(LATEST_MS / msPerDay)) return outsideYears;
    values.pushInt32(days);
    return undefined;
  };
}

function timestampReader(
  { column }: AvroLeaf,
  unit: 'micros' | 'millis',
  values: NumberValues,
): AvroLeafReader | undefined {
  if (column.kind !== 'timestamp' || column.unit !== unit) return undefined;
  const perMs = unit === 'micros' ? 1000 : 1;
  // Exact, as both bounds are multiples of enough powers of two; the year 10,000 is outside.
  const earliest = EARLIEST_MS * perMs;
  const end = (LATEST_MS + 1) * perMs;
  return (cursor) => {
    cursor.long();
    const { low, high } = cursor;
    if (!isWithin(low, high, earliest, end)) return outsideYears;
    values.pushInt64(low, high);
    return undefined;
  };
}

/** Whether `from <= value < end`, by halves: together they may be more than 53 bits. */
function isWithin(low: number, high: number, from: number, end: number): boolean {
  const fromHigh = Math.floor(from / 4_294_967_296);
  const endHigh = Math.floor(end / 4_294_967_296);
  if (high > fromHigh && high < endHigh) return true;
  if (high === fromHigh && low >>> 0 >= from - fromHigh * 4_294_967_296) return true;
  return high === endHigh && low >>> 0 < end - endHigh * 4_294_967_296;
}
