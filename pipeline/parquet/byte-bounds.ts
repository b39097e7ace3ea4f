/** Bounds of byte strings: short enough for a footer, and still true. */
import type { Bounds } from './values.ts';

/** Longer bounds are cut: a footer must stay small, and readers compare prefixes just as well. */
const BOUND_BYTES_MAX = 64;

// A byte order mark is a character like any other here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The bounds of byte strings between `min` and `max`: a long min is cut, a long max is cut and then raised, in text
 * between characters, so that both stay valid UTF-8.
 *
 * @returns undefined where no short string is above `max`
 */
export function byteBounds(min: Uint8Array, max: Uint8Array, text: boolean): Bounds | undefined {
  const upper = max.length > BOUND_BYTES_MAX ? raised(cut(max, text), text) : max.slice();
  if (!upper) return undefined;
  const lower = min.length > BOUND_BYTES_MAX ? cut(min, text) : min.slice();
  return {
    min: lower,
    max: upper,
    minExact: min.length <= BOUND_BYTES_MAX,
    maxExact: max.length <= BOUND_BYTES_MAX,
  };
}

/** Unsigned bytes, left to right; a prefix comes first. That is also the order of code points in UTF-8. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function cut(bytes: Uint8Array, text: boolean): Uint8Array {
  let end = BOUND_BYTES_MAX;
  while (text && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.slice(0, end);
}

/** The least string of the same length or shorter that is above every string that `prefix` begins. */
function raised(prefix: Uint8Array, text: boolean): Uint8Array | undefined {
  return text ? raisedText(prefix) : raisedBytes(prefix);
}

function raisedBytes(prefix: Uint8Array): Uint8Array | undefined {
  let last = prefix.length - 1;
  while (last >= 0 && prefix[last] === 0xff) last--;
  if (last < 0) return undefined;
  const bytes = prefix.slice(0, last + 1);
  bytes[last] = (bytes[last] as number) + 1;
  return bytes;
}

function raisedText(prefix: Uint8Array): Uint8Array | undefined {
  const points = Array.from(decoder.decode(prefix), (character) => character.codePointAt(0) as number);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Surrogates are not characters, so the one after U+D7FF is U+E000.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return encoder.encode(String.fromCodePoint(...points, next));
}
