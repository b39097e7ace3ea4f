/** One JSON value becomes one Protobuf scalar, or is refused: never rounded, wrapped or cut. */
import type { ScalarType } from '../contract/message.ts';
import type { Refuse } from './encode-json.ts';
import type { WireWriter } from './wire-writer.ts';

const FLOAT_MAX = 3.4028234663852886e38;
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/;
const INTEGER = /^-?(0|[1-9]\d{0,19})$/;
const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Writes a value without a tag, or calls `refuse` and writes nothing. */
export type EncodeScalar = (value: unknown, out: WireWriter, refuse: Refuse) => void;

export function scalarEncoder(scalar: ScalarType): EncodeScalar {
  switch (scalar) {
    case 'string':
      return encodeString;
    case 'bytes':
      return encodeBytes;
    case 'bool':
      return encodeBool;
    case 'double':
    case 'float':
      return (value, out, refuse) => encodeFloatingPoint(scalar, value, out, refuse);
    case 'int32':
    case 'sint32':
    case 'sfixed32':
    case 'uint32':
    case 'fixed32':
      return (value, out, refuse) => encodeInteger32(scalar, value, out, refuse);
    default:
      return (value, out, refuse) => encodeInteger64(scalar, value, out, refuse);
  }
}

/** A map's key, which JSON always writes as a string, as the value it stands for; unfit text stays text. */
export function parseMapKey(scalar: ScalarType, key: string): unknown {
  if (scalar === 'bool') {
    return key === 'true' ? true : key === 'false' ? false : key;
  }
  return key;
}

function encodeString(value: unknown, out: WireWriter, refuse: Refuse): void {
  if (typeof value !== 'string') {
    refuse('WRONG_TYPE', 'must be a string');
  } else if (!value.isWellFormed()) {
    refuse('OUT_OF_RANGE', 'must be valid Unicode, without lone surrogates');
  } else {
    out.text(value);
  }
}

function encodeBytes(value: unknown, out: WireWriter, refuse: Refuse): void {
  if (typeof value !== 'string' || !BASE64.test(value)) {
    refuse('WRONG_TYPE', 'must be a string in base64');
  } else {
    out.blob(Buffer.from(value, 'base64'));
  }
}

function encodeBool(value: unknown, out: WireWriter, refuse: Refuse): void {
  if (typeof value !== 'boolean') {
    refuse('WRONG_TYPE', 'must be true or false');
  } else {
    out.varint(value ? 1 : 0);
  }
}

function encodeFloatingPoint(scalar: 'double' | 'float', value: unknown, out: WireWriter, refuse: Refuse): void {
  const number = typeof value === 'number' ? value : SPECIAL_NUMBERS.get(value);
  if (number === undefined) {
    refuse('WRONG_TYPE', 'must be a number, or "NaN", "Infinity" or "-Infinity"');
  } else if (scalar === 'double') {
    out.double(number);
  } else if (Number.isFinite(number) && Math.abs(number) > FLOAT_MAX) {
    refuse('OUT_OF_RANGE', `must fit a 32-bit float, at most ${FLOAT_MAX} in size`);
  } else {
    out.float(number);
  }
}

type Integer32 = 'int32' | 'sint32' | 'sfixed32' | 'uint32' | 'fixed32';

function encodeInteger32(scalar: Integer32, value: unknown, out: WireWriter, refuse: Refuse): void {
  const unsigned = scalar === 'uint32' || scalar === 'fixed32';
  const [min, max] = unsigned ? [0, 0xffff_ffff] : [-0x8000_0000, 0x7fff_ffff];
  const number = typeof value === 'string' && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    refuse('WRONG_TYPE', 'must be an integer');
  } else if (number < min || number > max) {
    refuse('OUT_OF_RANGE', `must be from ${min} to ${max}`);
  } else if (scalar === 'fixed32' || scalar === 'sfixed32') {
    out.fixed32(number);
  } else if (scalar === 'sint32') {
    out.varint(((number << 1) ^ (number >> 31)) >>> 0);
  } else if (number >= 0) {
    out.varint(number);
  } else {
    out.varintBig(BigInt.asUintN(64, BigInt(number)));
  }
}

type Integer64 = 'int64' | 'sint64' | 'sfixed64' | 'uint64' | 'fixed64';

function encodeInteger64(scalar: Integer64, value: unknown, out: WireWriter, refuse: Refuse): void {
  const unsigned = scalar === 'uint64' || scalar === 'fixed64';
  const [min, max] = unsigned ? [0n, 2n ** 64n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    refuse('OUT_OF_RANGE', 'is beyond 2^53, where JSON numbers lose digits; send it as a string');
    return;
  }
  const fits = typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && INTEGER.test(value);
  if (!fits) {
    refuse('WRONG_TYPE', 'must be an integer, as a number or a string');
    return;
  }
  if ((scalar === 'int64' || scalar === 'uint64') && typeof value === 'number' && value >= 0) {
    out.varint(value);
    return;
  }
  const integer = BigInt(value as string | number);
  if (integer < min || integer > max) {
    refuse('OUT_OF_RANGE', `must be from ${min} to ${max}`);
  } else if (scalar === 'fixed64' || scalar === 'sfixed64') {
    out.fixed64(integer);
  } else {
    const zigzag = scalar === 'sint64' ? (integer << 1n) ^ (integer >> 63n) : integer;
    out.varintBig(BigInt.asUintN(64, zigzag));
  }
}
