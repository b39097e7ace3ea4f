/** A dictionary of fixed-width values, built when a row group ends and only where it pays. */
import { bitWidth } from './rle.ts';

/** Valid until the next dictionary is built, as all share their memory. */
export interface NumberDictionary {
  /** The distinct values in order of first occurrence, as the words they were given in. */
  readonly words: Int32Array;
  readonly count: number;
  /** For each value, its place in the dictionary. */
  readonly indexes: Int32Array;
  /** Of the dictionary and its indexes. */
  readonly byteLength: number;
}

/** From this many values on, a column is given up where seven in eight were new. */
const SAMPLE = 32_768;
/** Beyond this many entries the hash table leaves the processor's cache and costs more than it saves. */
const ENTRIES_MAX = 65_536;
/** A longer probe means values made to collide. */
const PROBES_MAX = 128;
/** Half of the slots at least are free. A small table stays in the nearest cache, and most columns need no other. */
const SLOTS_MIN = 2048;

/** Slots hold an entry + 1, or 0. */
const table = new Int32Array(ENTRIES_MAX * 2);
const entries = new Int32Array(ENTRIES_MAX * 2);
let indexes = new Int32Array(0);

/**
 * Finds the distinct values among `count` values of `width` words each.
 *
 * @param width 1 word for 32-bit values, 2 for 64-bit ones
 * @returns undefined where PLAIN is smaller or the search too slow
 */
export function numberDictionary(words: Int32Array, count: number, width: 1 | 2): NumberDictionary | undefined {
  if (indexes.length < count) indexes = new Int32Array(Math.max(count, indexes.length * 2));
  const distinct = width === 1 ? distinctWords(words, count) : distinctPairs(words, count);
  const byteLength = distinct * width * 4 + (count * Math.max(1, bitWidth(distinct - 1))) / 8;
  return distinct > 0 && byteLength < count * width * 4
    ? { words: entries.subarray(0, distinct * width), count: distinct, indexes, byteLength }
    : undefined;
}

/** @returns how many there are, 0 where a dictionary does not pay */
function distinctWords(words: Int32Array, count: number): number {
  let mask = emptyTable(SLOTS_MIN);
  let distinct = 0;
  for (let i = 0; i < count; i++) {
    const word = words[i] as number;
    let slot = hash(word, 0) & mask;
    let entry = (table[slot] as number) - 1;
    for (let probes = 0; entry >= 0 && entries[entry] !== word; probes++) {
      if (probes === PROBES_MAX) return 0;
      slot = (slot + 1) & mask;
      entry = (table[slot] as number) - 1;
    }
    if (entry < 0) {
      if (isHopeless(distinct, i, count)) return 0;
      entry = distinct++;
      entries[entry] = word;
      table[slot] = entry + 1;
      if (distinct * 2 > mask) mask = rebuiltTable((mask + 1) * 4, distinct, 1);
    }
    indexes[i] = entry;
  }
  return distinct;
}

/** The same for values of two words. */
function distinctPairs(words: Int32Array, count: number): number {
  let mask = emptyTable(SLOTS_MIN);
  let distinct = 0;
  for (let i = 0; i < count; i++) {
    const low = words[i * 2] as number;
    const high = words[i * 2 + 1] as number;
    let slot = hash(low, high) & mask;
    let entry = (table[slot] as number) - 1;
    for (let probes = 0; entry >= 0 && (entries[entry * 2] !== low || entries[entry * 2 + 1] !== high); probes++) {
      if (probes === PROBES_MAX) return 0;
      slot = (slot + 1) & mask;
      entry = (table[slot] as number) - 1;
    }
    if (entry < 0) {
      if (isHopeless(distinct, i, count)) return 0;
      entry = distinct++;
      entries[entry * 2] = low;
      entries[entry * 2 + 1] = high;
      table[slot] = entry + 1;
      if (distinct * 2 > mask) mask = rebuiltTable((mask + 1) * 4, distinct, 2);
    }
    indexes[i] = entry;
  }
  return distinct;
}

function isHopeless(distinct: number, seen: number, count: number): boolean {
  return distinct === ENTRIES_MAX || distinct * 4 >= count * 3 || (seen > SAMPLE && distinct * 8 > seen * 7);
}

/** @returns the mask of slots */
function emptyTable(slots: number): number {
  table.fill(0, 0, slots);
  return slots - 1;
}

function rebuiltTable(slots: number, distinct: number, width: 1 | 2): number {
  const mask = emptyTable(Math.min(slots, table.length));
  for (let entry = 0; entry < distinct; entry++) {
    let slot =
      width === 1
        ? hash(entries[entry] as number, 0)
        : hash(entries[entry * 2] as number, entries[entry * 2 + 1] as number);
    slot &= mask;
    while (table[slot] !== 0) slot = (slot + 1) & mask;
    table[slot] = entry + 1;
  }
  return mask;
}

function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
