/** Column chunks in the delta encodings, which few writers use and not every reader knows. */
import { ByteBuffer } from './byte-buffer.ts';
import type { ByteEntries } from './byte-entries.ts';
import { DELTA_VALUE_MAX, encodeDelta } from './delta.ts';
import { Encoding } from './format.ts';
import type { EncodedValues } from './values.ts';

/**
 * Integers as DELTA_BINARY_PACKED.
 *
 * @param words of `width` each, low word first
 * @returns undefined where the values or their differences are too large
 */
export function deltaNumbers(words: Int32Array, count: number, width: 1 | 2): EncodedValues | undefined {
  const valueAt =
    width === 1
      ? (i: number) => words[i] as number
      : (i: number) => (words[i * 2 + 1] as number) * 4_294_967_296 + ((words[i * 2] as number) >>> 0);
  if (!isDeltaRange(count, valueAt, width)) return undefined;
  const out = new ByteBuffer();
  const page = (from: number, to: number) => {
    out.length = 0;
    encodeDelta(out, to - from, (i) => valueAt(from + i));
    return out.view();
  };
  return { encoding: Encoding.deltaBinaryPacked, byteLength: page(0, count).length, page };
}

/**
 * Byte strings as DELTA_BYTE_ARRAY, what each shares with the one before and then the rest, where sharing pays, as in
 * sorted text; as DELTA_LENGTH_BYTE_ARRAY, all lengths and then all bytes, where it does not.
 */
export function deltaBytes(entries: ByteEntries): EncodedValues {
  const shared = new Int32Array(entries.count);
  let sharedBytes = 0;
  for (let entry = 1; entry < entries.count; entry++) {
    const length = sharedLength(entries.contentOf(entry - 1), entries.contentOf(entry));
    shared[entry] = length;
    sharedBytes += length;
  }
  // A shared length takes about a byte, and a reader has to put each value together.
  const pays = sharedBytes > 2 * entries.count;
  return pays ? sharedPrefixes(entries, shared, sharedBytes) : deltaLengths(entries);
}

function deltaLengths(entries: ByteEntries): EncodedValues {
  const out = new ByteBuffer();
  return {
    encoding: Encoding.deltaLengthByteArray,
    byteLength: entries.byteLength,
    page(from, to) {
      out.length = 0;
      encodeDelta(out, to - from, (i) => entries.lengthOf(from + i));
      for (let entry = from; entry < to; entry++) out.append(entries.contentOf(entry));
      return out.view();
    },
  };
}

/** @param shared of each entry, the bytes that it shares with the one before */
function sharedPrefixes(entries: ByteEntries, shared: Int32Array, sharedBytes: number): EncodedValues {
  const out = new ByteBuffer();
  return {
    encoding: Encoding.deltaByteArray,
    byteLength: entries.byteLength - sharedBytes,
    page(from, to) {
      // The first value of a page must be whole, as a reader may begin with any page.
      const sharedAt = (i: number) => (i === 0 ? 0 : (shared[from + i] as number));
      out.length = 0;
      encodeDelta(out, to - from, sharedAt);
      encodeDelta(out, to - from, (i) => entries.lengthOf(from + i) - sharedAt(i));
      for (let i = 0; i < to - from; i++) out.append(entries.contentOf(from + i).subarray(sharedAt(i)));
      return out.view();
    },
  };
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** INT32 differences must fit 32 bits, as readers take the sums modulo 2^32; larger ones must stay exact. */
function isDeltaRange(count: number, valueAt: (i: number) => number, width: 1 | 2): boolean {
  let least = 0;
  let greatest = 0;
  let previous = valueAt(0);
  for (let i = 0; i < count; i++) {
    const value = valueAt(i);
    if (Math.abs(value) > DELTA_VALUE_MAX) return false;
    least = Math.min(least, value - previous);
    greatest = Math.max(greatest, value - previous);
    previous = value;
  }
  return width === 2 || greatest - least < 4_294_967_296;
}
