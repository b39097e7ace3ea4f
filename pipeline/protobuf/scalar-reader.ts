/** Scalar and enum values from wire bytes into a leaf's store. */
import type { EnumType, ScalarType } from '../contract/message.ts';
import { BooleanValues } from '../parquet/boolean-values.ts';
import { BytesValues } from '../parquet/bytes-values.ts';
import type { LeafNode } from '../parquet/column-tree.ts';
import type { Levels } from '../parquet/levels.ts';
import { NumberValues } from '../parquet/number-values.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';
import { type WireCursor, WireType } from './wire-cursor.ts';

/** Reads one value at the cursor into a column. Malformed bytes set the cursor's `failed` instead of rejecting. */
export type ValueReader = (cursor: WireCursor, repetition: number) => Rejection | undefined;

/** Of a nullable leaf. */
type Entries = Levels | undefined;

/** How a scalar type lies on the wire. */
export const SCALAR_WIRE_TYPES: Readonly<Record<ScalarType, number>> = {
  double: WireType.fixed64,
  float: WireType.fixed32,
  int32: WireType.varint,
  int64: WireType.varint,
  uint32: WireType.varint,
  uint64: WireType.varint,
  sint32: WireType.varint,
  sint64: WireType.varint,
  fixed32: WireType.fixed32,
  fixed64: WireType.fixed64,
  sfixed32: WireType.fixed32,
  sfixed64: WireType.fixed64,
  bool: WireType.varint,
  string: WireType.delimited,
  bytes: WireType.delimited,
};

/**
 * The reader of a scalar. Each kind is one closure down to the store, as calls through closures are what a value costs.
 *
 * @returns undefined where the leaf's type cannot hold every value of the scalar
 */
export function scalarReader(scalar: ScalarType, { values, entries, column }: LeafNode): ValueReader | undefined {
  const { kind } = column.type;
  if (values instanceof BytesValues) {
    const fits = scalar === 'string' ? values.text : scalar === 'bytes' && kind === 'bytes';
    return fits ? bytesReader(values, entries) : undefined;
  }
  if (values instanceof BooleanValues) return scalar === 'bool' ? booleanReader(values, entries) : undefined;
  if (!(values instanceof NumberValues)) return undefined;
  if (kind === 'double' || kind === 'float') return floatReader(scalar, kind, values, entries);
  if (kind !== 'int') return undefined;
  return values.width === 1 ? int32Reader(scalar, values, entries) : int64Reader(scalar, values, entries);
}

/** The reader of an enum: rows carry the first name of a number. */
export function enumReader(type: EnumType, { values, entries }: LeafNode): ValueReader | undefined {
  if (!(values instanceof BytesValues)) return undefined;
  const names = enumNames(type);
  return (cursor, repetition) => {
    const name = names.get(cursor.varint32(true));
    if (name === undefined) return reject('enum', `a number that enum ${type.name} names is required`);
    values.pushString(name);
    entries?.present(repetition);
    return undefined;
  };
}

/** The first name of each number. */
export function enumNames(type: EnumType): ReadonlyMap<number, string> {
  return new Map(
    Object.entries(type.values)
      .reverse()
      .map(([name, number]) => [number, name]),
  );
}

function bytesReader(values: BytesValues, entries: Entries): ValueReader {
  return (cursor, repetition) => {
    const length = cursor.length();
    const { at } = cursor;
    cursor.at = at + length;
    if (!values.pushBytes(cursor.bytes, at, at + length)) return values.refusal;
    entries?.present(repetition);
    return undefined;
  };
}

function booleanReader(values: BooleanValues, entries: Entries): ValueReader {
  return (cursor, repetition) => {
    cursor.varint64();
    values.push((cursor.low | cursor.high) !== 0);
    entries?.present(repetition);
    return undefined;
  };
}

function floatReader(
  scalar: ScalarType,
  kind: string,
  values: NumberValues,
  entries: Entries,
): ValueReader | undefined {
  if (scalar === 'double' && kind === 'double') return fixed64Reader(values, entries);
  if (scalar !== 'float') return undefined;
  if (kind === 'float') return fixed32Reader(values, entries);
  const word = new Int32Array(1);
  const float = new Float32Array(word.buffer);
  return (cursor, repetition) => {
    word[0] = cursor.fixed32();
    values.pushDouble(float[0] as number);
    entries?.present(repetition);
    return undefined;
  };
}

function fixed32Reader(values: NumberValues, entries: Entries): ValueReader {
  return (cursor, repetition) => {
    values.pushInt32(cursor.fixed32());
    entries?.present(repetition);
    return undefined;
  };
}

function fixed64Reader(values: NumberValues, entries: Entries): ValueReader {
  return (cursor, repetition) => {
    cursor.fixed64();
    values.pushInt64(cursor.low, cursor.high);
    entries?.present(repetition);
    return undefined;
  };
}

function isUnsigned(scalar: ScalarType): boolean {
  return /^(uint|fixed)/.test(scalar);
}

function int32Reader(scalar: ScalarType, values: NumberValues, entries: Entries): ValueReader | undefined {
  if (isUnsigned(scalar) !== (values.order === 'unsigned')) return undefined;
  switch (scalar) {
    case 'int32':
    case 'uint32':
      return (cursor, repetition) => {
        const number = cursor.varint32(scalar === 'int32');
        if (Number.isNaN(number)) return tooWide;
        values.pushInt32(number);
        entries?.present(repetition);
        return undefined;
      };
    case 'sint32':
      return (cursor, repetition) => {
        const bits = cursor.varint32(false);
        if (Number.isNaN(bits)) return tooWide;
        values.pushInt32(unzigzag(bits));
        entries?.present(repetition);
        return undefined;
      };
    case 'fixed32':
    case 'sfixed32':
      return fixed32Reader(values, entries);
    default:
      return undefined;
  }
}

const tooWide = reject('range', 'an integer of 32 bits is required');

function unzigzag(bits: number): number {
  return (bits >>> 1) ^ -(bits & 1);
}

function int64Reader(scalar: ScalarType, values: NumberValues, entries: Entries): ValueReader | undefined {
  const wide = scalar.endsWith('64');
  const unsigned = isUnsigned(scalar);
  // A 32-bit unsigned value fits a signed 64-bit column; no other change of sign is safe.
  if (unsigned ? wide && values.order === 'signed' : values.order === 'unsigned') return undefined;
  switch (scalar) {
    case 'int64':
    case 'uint64':
      return (cursor, repetition) => {
        cursor.varint64();
        values.pushInt64(cursor.low, cursor.high);
        entries?.present(repetition);
        return undefined;
      };
    case 'sint64':
      return (cursor, repetition) => {
        cursor.varint64();
        const { low, high } = cursor;
        const sign = -(low & 1);
        values.pushInt64(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
        entries?.present(repetition);
        return undefined;
      };
    case 'fixed64':
    case 'sfixed64':
      return fixed64Reader(values, entries);
    default:
      return widenedReader(scalar, values, entries);
  }
}

/** 32-bit integers into a 64-bit column, which a newer version of a message may have made of it. */
function widenedReader(scalar: ScalarType, values: NumberValues, entries: Entries): ValueReader | undefined {
  const fixed = scalar.endsWith('fixed32');
  if (!fixed && !scalar.endsWith('int32')) return undefined;
  const zigzag = scalar === 'sint32';
  const unsigned = isUnsigned(scalar);
  return (cursor, repetition) => {
    const bits = fixed ? cursor.fixed32() : cursor.varint32(scalar === 'int32');
    if (Number.isNaN(bits)) return tooWide;
    const low = zigzag ? unzigzag(bits) : bits;
    values.pushInt64(low, unsigned ? 0 : low >> 31);
    entries?.present(repetition);
    return undefined;
  };
}
