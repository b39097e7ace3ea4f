/** Checks of single values: what each column type accepts from plain objects, and how it is stored. */
import type { ColumnType } from '../contract/column.ts';
import { parseJsonText } from '../json-text.ts';
import { BooleanValues } from './boolean-values.ts';
import { BytesValues } from './bytes-values.ts';
import type { LeafNode } from './column-tree.ts';
import { decimalAppender } from './decimal-appender.ts';
import { FixedValues } from './fixed-values.ts';
import { NumberValues } from './number-values.ts';
import { type Rejection, reject } from './rejection.ts';

/** Stores a value that is there, or says why the column cannot hold it (then nothing is stored). */
export type LeafAppender = (value: unknown) => Rejection | undefined;

const MS_PER_DAY = 86_400_000;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, the years that SQL and Protobuf have, in milliseconds. */
export const EARLIEST_MS = -62_135_596_800_000;
export const LATEST_MS = 253_402_300_799_999;

/**
 * The appender of a leaf: numbers or bigints for integers, strings for text, `Uint8Array` for bytes, a string with
 * hyphens or 16 bytes for UUIDs, `Date` (or an integer in the column's unit) for dates and timestamps, a string, number
 * or unscaled bigint for decimals.
 */
export function leafAppender({ column, values }: LeafNode): LeafAppender {
  const { type } = column;
  if (type.kind === 'decimal' && (values instanceof NumberValues || values instanceof FixedValues)) {
    return decimalAppender(type, values);
  }
  if (values instanceof NumberValues) return numberAppender(type, values);
  if (values instanceof BytesValues) return bytesAppender(type, values);
  if (values instanceof BooleanValues) return booleanAppender(values);
  return uuidAppender(values);
}

function numberAppender(type: ColumnType, values: NumberValues): LeafAppender {
  switch (type.kind) {
    case 'int':
      return type.bits === 64 ? int64Appender(type.signed, values) : int32Appender(type.bits, type.signed, values);
    case 'float':
      return floatAppender(values);
    case 'date':
      return dateAppender(values);
    case 'timestamp':
      return timestampAppender(type.unit === 'micros' ? 1000 : 1, values);
    default:
      return doubleAppender(values);
  }
}

function int32Appender(bits: number, signed: boolean, values: NumberValues): LeafAppender {
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const outside = reject('range', `an integer from ${min} to ${max} is required`);
  return (value) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (!Number.isInteger(number)) return notInteger(number);
    if ((number as number) < min || (number as number) > max) return outside;
    values.pushInt32(number as number);
    return undefined;
  };
}

function int64Appender(signed: boolean, values: NumberValues): LeafAppender {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  const minNumber = Number(min);
  const outside = reject('range', `an integer from ${min} to ${max} is required`);
  const unsafe = reject('range', 'an integer beyond 2^53 must be a bigint, as a number has lost its last digits');
  return (value) => {
    if (typeof value === 'bigint') {
      if (value < min || value > max) return outside;
      values.pushBigint(value);
      return undefined;
    }
    if (!Number.isInteger(value)) return notInteger(value);
    if (!Number.isSafeInteger(value)) return unsafe;
    if ((value as number) < minNumber) return outside;
    values.pushSafeInteger(value as number);
    return undefined;
  };
}

function notInteger(value: unknown): Rejection {
  return typeof value === 'number'
    ? reject('range', 'an integer is required, not a fraction, NaN or infinity')
    : reject('type', `an integer is required, not ${typeName(value)}`);
}

function floatAppender(values: NumberValues): LeafAppender {
  const outside = reject('range', 'a number within the range of 32-bit floats is required');
  return (value) => {
    if (typeof value !== 'number') return reject('type', `a number is required, not ${typeName(value)}`);
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) return outside;
    values.pushFloat(value);
    return undefined;
  };
}

function doubleAppender(values: NumberValues): LeafAppender {
  return (value) => {
    if (typeof value !== 'number') return reject('type', `a number is required, not ${typeName(value)}`);
    values.pushDouble(value);
    return undefined;
  };
}

function dateAppender(values: NumberValues): LeafAppender {
  return (value) => {
    if (!(value instanceof Date)) {
      if (!Number.isInteger(value)) return reject('type', `a date is required, not ${typeName(value)}`);
      if (!isWithinYears((value as number) * MS_PER_DAY)) return outsideYears;
      values.pushInt32(value as number);
      return undefined;
    }
    const days = value.getTime() / MS_PER_DAY;
    if (!isWithinYears(value.getTime())) return outsideYears;
    if (!Number.isInteger(days)) return reject('range', 'a date at midnight UTC is required');
    values.pushInt32(days);
    return undefined;
  };
}

/** @param perMs how many of the column's units make a millisecond */
function timestampAppender(perMs: number, values: NumberValues): LeafAppender {
  const earliest = BigInt(EARLIEST_MS) * BigInt(perMs);
  const latest = BigInt(LATEST_MS + 1) * BigInt(perMs) - 1n;
  return (value) => {
    if (typeof value === 'bigint') {
      if (value < earliest || value > latest) return outsideYears;
      values.pushBigint(value);
      return undefined;
    }
    const units = value instanceof Date ? value.getTime() * perMs : value;
    if (typeof units !== 'number') return reject('type', `a time is required, not ${typeName(value)}`);
    if (!isWithinYears(units / perMs)) return outsideYears;
    if (Number.isSafeInteger(units)) values.pushSafeInteger(units);
    else if (value instanceof Date) values.pushBigint(BigInt(value.getTime()) * BigInt(perMs));
    else return notInteger(units);
    return undefined;
  };
}

const outsideYears = reject('range', 'a time in the years 1 to 9999 is required');

/** False for NaN too, which is an invalid Date's time. */
function isWithinYears(ms: number): boolean {
  return ms >= EARLIEST_MS && ms < LATEST_MS + 1;
}

function bytesAppender(type: ColumnType, values: BytesValues): LeafAppender {
  const { kind } = type;
  if (kind === 'bytes') {
    return (value) => {
      if (!(value instanceof Uint8Array)) return reject('type', `bytes are required, not ${typeName(value)}`);
      return values.pushBytes(value, 0, value.length) ? undefined : values.refusal;
    };
  }
  return (value) => {
    if (typeof value !== 'string') return reject('type', `text is required, not ${typeName(value)}`);
    if (kind === 'json' && !isJson(value)) return reject('type', 'JSON text is required');
    return values.pushString(value) ? undefined : values.refusal;
  };
}

function isJson(text: string): boolean {
  try {
    parseJsonText(text);
    return true;
  } catch {
    return false;
  }
}

function booleanAppender(values: BooleanValues): LeafAppender {
  return (value) => {
    if (typeof value !== 'boolean') return reject('type', `true or false is required, not ${typeName(value)}`);
    values.push(value);
    return undefined;
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function uuidAppender(values: FixedValues): LeafAppender {
  const wrong = reject('type', 'a UUID with its hyphens, or its 16 bytes, is required');
  return (value) => {
    if (value instanceof Uint8Array && value.length === 16) values.push(value, 0);
    else if (typeof value === 'string' && UUID.test(value)) {
      values.push(Buffer.from(value.replaceAll('-', ''), 'hex'), 0);
    } else return wrong;
    return undefined;
  };
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value;
}
