/** One JSON value becomes one Protobuf scalar, or is refused: never wrapped or cut, rounded only to a `float`. */
import { isBase64 } from '../base64.ts';
import type { ScalarType } from '../contract/message.ts';
import { exactInteger, LongNumber } from '../json/exact-json.ts';
import type { Encode, Encoding } from './encoding.ts';
import type { WireWriter } from './wire-writer.ts';

const FLOAT_MAX = 3.4028234663852886e38;
const INTEGER = /^(?:0|-?[1-9]\d*)$/;
/** The digits of 2^64 - 1, or those of -2^63 with the sign. */
const INTEGER_LENGTH_MAX = 20;
/** Text so short is an integer below 2^53. */
const SAFE_INTEGER_LENGTH_MAX = 15;
const INT32 = [-0x8000_0000, 0x7fff_ffff] as const;
const UINT32 = [0, 0xffff_ffff] as const;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const UINT64 = [0n, 2n ** 64n - 1n] as const;
const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

export function scalarEncoder(scalar: ScalarType): Encode {
  switch (scalar) {
    case 'string':
      return encodeString;
    case 'bytes':
      return encodeBytes;
    case 'bool':
      return encodeBool;
    case 'double':
      return floatEncoder(Number.MAX_VALUE, (value, out) => out.double(value));
    case 'float':
      return floatEncoder(FLOAT_MAX, (value, out) => out.float(value));
    case 'int32':
      return integer32Encoder(INT32, (value, out) => out.varint(value));
    case 'sint32':
      return integer32Encoder(INT32, (value, out) => out.varint(((value << 1) ^ (value >> 31)) >>> 0));
    case 'uint32':
      return integer32Encoder(UINT32, (value, out) => out.varint(value));
    case 'sfixed32':
      return integer32Encoder(INT32, (value, out) => out.fixed32(value));
    case 'fixed32':
      return integer32Encoder(UINT32, (value, out) => out.fixed32(value));
    case 'int64':
      return integer64Encoder(INT64, (low, high, out) => out.varint64(low, high));
    case 'sint64':
      return integer64Encoder(INT64, writeZigzag64);
    case 'uint64':
      return integer64Encoder(UINT64, (low, high, out) => out.varint64(low, high));
    case 'sfixed64':
      return integer64Encoder(INT64, (low, high, out) => out.fixed64(low, high));
    case 'fixed64':
      return integer64Encoder(UINT64, (low, high, out) => out.fixed64(low, high));
  }
}

/** A map's key, which JSON always writes as a string, as the value it stands for; unfit text stays text. */
export function parseMapKey(scalar: ScalarType, key: string): unknown {
  return scalar === 'bool' && (key === 'true' || key === 'false') ? key === 'true' : key;
}

function encodeString(value: unknown, encoding: Encoding): void {
  if (typeof value !== 'string') {
    encoding.refuse('WRONG_TYPE', 'must be a string');
  } else if (!value.isWellFormed()) {
    encoding.refuse('OUT_OF_RANGE', 'must be valid Unicode, without lone surrogates');
  } else {
    encoding.out.text(value);
  }
}

function encodeBytes(value: unknown, encoding: Encoding): void {
  if (typeof value !== 'string' || !isBase64(value)) {
    encoding.refuse('WRONG_TYPE', 'must be a string in base64');
  } else {
    encoding.out.blob(Buffer.from(value, 'base64'));
  }
}

function encodeBool(value: unknown, encoding: Encoding): void {
  if (typeof value !== 'boolean') {
    encoding.refuse('WRONG_TYPE', 'must be true or false');
  } else {
    encoding.out.varint(value ? 1 : 0);
  }
}

type WriteNumber = (value: number, out: WireWriter) => void;

function floatEncoder(max: number, write: WriteNumber): Encode {
  return (value, encoding) => {
    const number = typeof value === 'number' ? value : isLong(value) ? Number(value.text) : SPECIAL_NUMBERS.get(value);
    if (number === undefined) {
      encoding.refuse('WRONG_TYPE', 'must be a number, or "NaN", "Infinity" or "-Infinity"');
    } else if (typeof value !== 'string' && Math.abs(number) > max) {
      // JSON.parse makes Infinity of 1e999, so an infinity that is not spelled out is a number that was too large.
      encoding.refuse('OUT_OF_RANGE', `must be at most ${max} in size`);
    } else {
      write(number, encoding.out);
    }
  };
}

function integer32Encoder([min, max]: readonly [number, number], write: WriteNumber): Encode {
  return (value, encoding) => {
    const number = integer32(value);
    if (typeof number !== 'number' || !Number.isInteger(number)) {
      encoding.refuse('WRONG_TYPE', 'must be an integer');
    } else if (number < min || number > max) {
      encoding.refuse('OUT_OF_RANGE', `must be from ${min} to ${max}`);
    } else {
      write(number, encoding.out);
    }
  };
}

const isLong = (value: unknown): value is LongNumber => value instanceof LongNumber;

/** What is no integer, as it is. */
function integer32(value: unknown): unknown {
  if (typeof value === 'number') return value;
  const isText = typeof value === 'string' && INTEGER.test(value);
  return isText ? Number(value) : isLong(value) ? longInteger(value) : value;
}

/** As a number, also where that loses digits: who wrote so many may have lost some before. */
function longInteger(value: LongNumber): number | undefined {
  const integer = exactInteger(value);
  return integer === undefined ? undefined : Number(integer);
}

/** Takes the value as two words of 32 bits, so that BigInt is needed for long text only. */
type WriteInteger64 = (low: number, high: number, out: WireWriter) => void;

function integer64Encoder([min, max]: readonly [bigint, bigint], write: WriteInteger64): Encode {
  const smallest = Number(min);
  return (value, encoding) => {
    const integer = typeof value === 'string' ? parseInteger64(value) : isLong(value) ? longInteger(value) : value;
    if (typeof integer === 'number' && Number.isInteger(integer)) {
      if (!Number.isSafeInteger(integer)) {
        encoding.refuse('OUT_OF_RANGE', 'is beyond 2^53, where JSON numbers lose digits; send it as a string');
      } else if (integer < smallest) {
        encoding.refuse('OUT_OF_RANGE', `must be from ${min} to ${max}`);
      } else {
        write(integer, Math.floor(integer / 0x1_0000_0000), encoding.out);
      }
    } else if (typeof integer !== 'bigint') {
      encoding.refuse('WRONG_TYPE', 'must be an integer, as a number or a string');
    } else if (integer < min || integer > max) {
      encoding.refuse('OUT_OF_RANGE', `must be from ${min} to ${max}`);
    } else {
      write(Number(BigInt.asIntN(32, integer)), Number(integer >> 32n), encoding.out);
    }
  };
}

/** Undefined when the text is no integer; a bigint when a number might not hold it. */
function parseInteger64(text: string): number | bigint | undefined {
  if (!INTEGER.test(text)) {
    return undefined;
  }
  if (text.length <= SAFE_INTEGER_LENGTH_MAX) {
    return Number(text);
  }
  // Longer text is out of range already when cut, and BigInt would take quadratic time on all of it.
  return BigInt(text.slice(0, INTEGER_LENGTH_MAX + 1));
}

function writeZigzag64(low: number, high: number, out: WireWriter): void {
  const sign = high >> 31;
  out.varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}
