/** Values that a column's type allows and the table's warehouse does not. */
import type { ColumnType } from '../contract/column.ts';
import type { ValueLimits } from '../contract/value-limits.ts';
import { type Rejection, reject } from './rejection.ts';

/** Why `bytes[from, to)` is refused. */
export type ValueCheck = (bytes: Uint8Array, from: number, to: number) => Rejection | undefined;

/** @param nested whether the value is inside a struct, a list or a map */
export function valueCheck(type: ColumnType, nested: boolean, limits: ValueLimits): ValueCheck {
  const { warehouse, textBytesMax, binaryBytesMax, nestedBinaryBytesMax, jsonDepthMax } = limits;
  if (type.kind === 'bytes') {
    return atMost(nested ? nestedBinaryBytesMax : binaryBytesMax, 'bytes', warehouse);
  }
  const tooLong = atMost(textBytesMax, 'text', warehouse);
  const hasNul = reject('range', `text without NUL is required, which ${warehouse} may cut`);
  if (type.kind !== 'json') {
    return (bytes, from, to) => tooLong(bytes, from, to) ?? (contains(bytes, from, to, 0) ? hasNul : undefined);
  }
  const tooDeep = reject('range', `JSON of at most ${jsonDepthMax} levels is required, ${warehouse} holds no more`);
  return (bytes, from, to) => {
    const { depth, nul } = inspectJson(bytes, from, to);
    return tooLong(bytes, from, to) ?? (nul ? hasNul : depth > jsonDepthMax ? tooDeep : undefined);
  };
}

function atMost(bytesMax: number, what: string, warehouse: string): ValueCheck {
  const words = what === 'text' ? `text of at most ${bytesMax} bytes` : `at most ${bytesMax} bytes`;
  const tooLong = reject('range', `${words} is required, ${warehouse} holds no more`);
  return (_, from, to) => (to - from > bytesMax ? tooLong : undefined);
}

/** Up to this length a loop beats a native call. */
const SHORT_BYTES = 64;

function contains(bytes: Uint8Array, from: number, to: number, byte: number): boolean {
  if (to - from > SHORT_BYTES) return bytes.subarray(from, to).includes(byte);
  for (let at = from; at < to; at++) if (bytes[at] === byte) return true;
  return false;
}

const [QUOTE, BACKSLASH, ESCAPED_NUL] = [0x22, 0x5c, 'u0000'];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Of well-formed JSON, in which a NUL can only be written as an escape. */
function inspectJson(bytes: Uint8Array, from: number, to: number): { readonly depth: number; readonly nul: boolean } {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted && byte === BACKSLASH) {
      if (String.fromCharCode(...bytes.subarray(at + 1, at + 6)) === ESCAPED_NUL) return { depth: deepest, nul: true };
      at++;
    } else if (!quoted && (byte === OPEN_ARRAY || byte === OPEN_OBJECT)) deepest = Math.max(deepest, ++depth);
    else if (!quoted && (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT)) depth--;
  }
  return { depth: deepest, nul: false };
}
