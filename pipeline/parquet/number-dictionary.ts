/** A dictionary of fixed-width values, built when a row group ends and only where it pays. */
import { bitWidth } from './rle.ts';

export interface NumberDictionary {
  /** The distinct values in order of first occurrence, as the words they were given in. */
  readonly words: Int32Array;
  readonly count: number;
  /** For each value, its place in the dictionary. */
  readonly indexes: Int32Array;
  /** Of the dictionary and its indexes. */
  readonly byteLength: number;
}

/** After this many values, a column is given up where three in four are new. */
const SAMPLE = 16_384;
/** Beyond this many entries the hash table leaves the processor's cache and costs more than it saves. */
const ENTRIES_MAX = 65_536;
/** A longer probe means values made to collide. */
const PROBES_MAX = 128;

/**
 * Finds the distinct values among `count` values of `width` words each.
 *
 * @param width 1 word for 32-bit values, 2 for 64-bit ones
 * @returns undefined where PLAIN is smaller or the search too slow
 */
export function numberDictionary(words: Int32Array, count: number, width: 1 | 2): NumberDictionary | undefined {
  const entriesMax = Math.min(ENTRIES_MAX, Math.ceil(count * 0.75));
  const mask = 2 ** bitWidth(Math.max(16, entriesMax * 2)) - 1;
  const table = new Int32Array(mask + 1);
  const entries = new Int32Array(entriesMax * width);
  const indexes = new Int32Array(count);
  let distinct = 0;
  for (let i = 0; i < count; i++) {
    const low = words[i * width] as number;
    const high = width === 2 ? (words[i * 2 + 1] as number) : 0;
    let slot = hash(low, high) & mask;
    let entry = (table[slot] as number) - 1;
    let probes = 0;
    while (entry >= 0 && (entries[entry * width] !== low || (width === 2 && entries[entry * 2 + 1] !== high))) {
      if (++probes > PROBES_MAX) return undefined;
      slot = (slot + 1) & mask;
      entry = (table[slot] as number) - 1;
    }
    if (entry < 0) {
      if (distinct === entriesMax || (i === SAMPLE && distinct * 4 > i * 3)) return undefined;
      entry = distinct++;
      table[slot] = entry + 1;
      entries[entry * width] = low;
      if (width === 2) entries[entry * 2 + 1] = high;
    }
    indexes[i] = entry;
  }
  const byteLength = distinct * width * 4 + (count * Math.max(1, bitWidth(distinct - 1))) / 8;
  return byteLength < count * width * 4
    ? { words: entries.subarray(0, distinct * width), count: distinct, indexes, byteLength }
    : undefined;
}

function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
