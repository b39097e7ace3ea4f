/** Scalar and enum values from wire bytes into a leaf's store. */

import type { EnumType, ScalarType } from '../contract/message.ts';
import { BooleanValues } from '../parquet/boolean-values.ts';
import { BytesValues } from '../parquet/bytes-values.ts';
import type { LeafNode } from '../parquet/column-tree.ts';
import { NumberValues } from '../parquet/number-values.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';
import { type WireCursor, WireType } from './wire-cursor.ts';

/** Reads one value at the cursor into a column. Malformed bytes set the cursor's `failed` instead of rejecting. */
export type ValueReader = (cursor: WireCursor, repetition: number) => Rejection | undefined;

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

/** The reader of a scalar. @returns undefined where the leaf's type cannot hold every value of it */
export function scalarReader(scalar: ScalarType, leaf: LeafNode): ValueReader | undefined {
  const { values, levels, column } = leaf;
  const push = scalarPush(scalar, column.type.kind, values);
  if (!push) return undefined;
  return (cursor, repetition) => {
    const rejection = push(cursor);
    if (rejection === undefined) levels.present(repetition);
    return rejection;
  };
}

/** The reader of an enum: rows carry the first name of a number. */
export function enumReader(type: EnumType, leaf: LeafNode): ValueReader | undefined {
  const { values, levels } = leaf;
  if (!(values instanceof BytesValues)) return undefined;
  const names = enumNames(type);
  return (cursor, repetition) => {
    const name = names.get(cursor.varint32());
    if (!name) return reject('enum', `a number that enum ${type.name} names is required`);
    values.pushBytes(name, 0, name.length);
    levels.present(repetition);
    return undefined;
  };
}

function enumNames(type: EnumType): Map<number, Uint8Array> {
  const names = new Map<number, Uint8Array>();
  for (const [name, number] of Object.entries(type.values)) {
    if (!names.has(number)) names.set(number, new TextEncoder().encode(name));
  }
  return names;
}

type Push = (cursor: WireCursor) => Rejection | undefined;

function scalarPush(scalar: ScalarType, kind: string, values: LeafNode['values']): Push | undefined {
  if (values instanceof BytesValues) {
    return (scalar === 'string' && values.text) || (scalar === 'bytes' && kind === 'bytes')
      ? bytesPush(values)
      : undefined;
  }
  if (values instanceof BooleanValues) return scalar === 'bool' ? booleanPush(values) : undefined;
  if (!(values instanceof NumberValues)) return undefined;
  if (kind === 'double' || kind === 'float') return floatPush(scalar, kind, values);
  if (kind !== 'int') return undefined;
  return values.width === 1 ? int32Push(scalar, values) : int64Push(scalar, values);
}

const notUtf8 = reject('unicode', 'a string must be UTF-8');

function bytesPush(values: BytesValues): Push {
  return (cursor) => {
    const length = cursor.length();
    const { at } = cursor;
    cursor.at = at + length;
    return values.pushBytes(cursor.bytes, at, at + length) ? undefined : notUtf8;
  };
}

function booleanPush(values: BooleanValues): Push {
  return (cursor) => {
    cursor.varint64();
    values.push((cursor.low | cursor.high) !== 0);
    return undefined;
  };
}

function floatPush(scalar: ScalarType, kind: string, values: NumberValues): Push | undefined {
  if (scalar === 'double' && kind === 'double') {
    return (cursor) => {
      cursor.fixed64();
      values.pushInt64(cursor.low, cursor.high);
      return undefined;
    };
  }
  if (scalar !== 'float') return undefined;
  if (kind === 'float') {
    return (cursor) => {
      values.pushInt32(cursor.fixed32());
      return undefined;
    };
  }
  const word = new Int32Array(1);
  const float = new Float32Array(word.buffer);
  return (cursor) => {
    word[0] = cursor.fixed32();
    values.pushDouble(float[0] as number);
    return undefined;
  };
}

type Read32 = (cursor: WireCursor) => number;

const READ_32: Partial<Record<ScalarType, Read32>> = {
  int32: (cursor) => cursor.varint32(),
  uint32: (cursor) => cursor.varint32(),
  sint32: (cursor) => {
    const bits = cursor.varint32();
    return (bits >>> 1) ^ -(bits & 1);
  },
  fixed32: (cursor) => cursor.fixed32(),
  sfixed32: (cursor) => cursor.fixed32(),
};

function isUnsigned(scalar: ScalarType): boolean {
  return /^(uint|fixed)/.test(scalar);
}

function int32Push(scalar: ScalarType, values: NumberValues): Push | undefined {
  const read = READ_32[scalar];
  if (!read || isUnsigned(scalar) !== (values.order === 'unsigned')) return undefined;
  return (cursor) => {
    values.pushInt32(read(cursor));
    return undefined;
  };
}

function int64Push(scalar: ScalarType, values: NumberValues): Push | undefined {
  const unsigned = isUnsigned(scalar);
  const read32 = READ_32[scalar];
  if (read32) {
    if (!unsigned && values.order === 'unsigned') return undefined;
    return (cursor) => {
      const low = read32(cursor);
      values.pushInt64(low, unsigned ? 0 : low >> 31);
      return undefined;
    };
  }
  const read = READ_64[scalar];
  if (!read || unsigned !== (values.order === 'unsigned')) return undefined;
  return (cursor) => {
    read(cursor);
    values.pushInt64(cursor.low, cursor.high);
    return undefined;
  };
}

const READ_64: Partial<Record<ScalarType, (cursor: WireCursor) => void>> = {
  int64: (cursor) => cursor.varint64(),
  uint64: (cursor) => cursor.varint64(),
  sint64: (cursor) => {
    cursor.varint64();
    const { low, high } = cursor;
    const sign = -(low & 1);
    cursor.low = ((low >>> 1) | (high << 31)) ^ sign;
    cursor.high = (high >>> 1) ^ sign;
  },
  fixed64: (cursor) => cursor.fixed64(),
  sfixed64: (cursor) => cursor.fixed64(),
};
