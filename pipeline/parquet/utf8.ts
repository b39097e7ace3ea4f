/** Text as UTF-8 and back, for the short strings that columns are full of. */
import { isUtf8 } from 'node:buffer';

/** Up to this length a loop beats a native call. */
const SHORT_TEXT = 20;
const SHORT_BYTES = 64;

/**
 * Writes `value` to `out` from `at` on, where there is room for three bytes a code unit.
 *
 * @returns the index after the last byte, or -1 where half of a surrogate pair stands alone
 */
export function writeUtf8(value: string, out: Buffer, at: number): number {
  const { length } = value;
  if (length > SHORT_TEXT) {
    const written = out.write(value, at);
    // One byte a unit is ASCII; half of a pair would have been replaced.
    return written === length || value.isWellFormed() ? at + written : -1;
  }
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 0x7f) return writeRest(value, i, out, at + i);
    out[at + i] = unit;
  }
  return at + length;
}

/** Whether `bytes[from, to)` is UTF-8. */
export function isText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > SHORT_BYTES) return isUtf8(bytes.subarray(from, to));
  let seen = 0;
  for (let at = from; at < to; at++) seen |= bytes[at] as number;
  return seen < 0x80 || isUtf8(bytes.subarray(from, to));
}

function writeRest(value: string, from: number, out: Uint8Array, start: number): number {
  let at = start;
  for (let i = from; i < value.length; i++) {
    const point = value.codePointAt(i) as number;
    if (point < 0x80) out[at++] = point;
    else if (point < 0x800) {
      out[at++] = 0xc0 | (point >> 6);
      out[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      if (point >= 0xd800 && point < 0xe000) return -1;
      out[at++] = 0xe0 | (point >> 12);
      out[at++] = 0x80 | ((point >> 6) & 0x3f);
      out[at++] = 0x80 | (point & 0x3f);
    } else {
      i++;
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 0x3f);
      out[at++] = 0x80 | ((point >> 6) & 0x3f);
      out[at++] = 0x80 | (point & 0x3f);
    }
  }
  return at;
}
