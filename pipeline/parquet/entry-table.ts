/** A hash table over byte strings, to find the one that is there already. */

import { grownWords } from './byte-buffer.ts';
import type { ByteEntries } from './byte-entries.ts';

/** A longer probe means a poor (or attacked) hash. */
const PROBES_MAX = 64;
const SLOTS_MIN = 256;

/** Of long strings, both ends are hashed. */
const HASHED_BYTES = 64;

/** Open addressing with linear probing; entries leave in the reverse order in which they came. */
export class EntryTable {
  /** Pairs of a hash and its entry + 1, or 0: side by side, as one look-up then touches one line of the cache. */
  #slots = new Int32Array(SLOTS_MIN * 2);
  /** By entry. */
  #hashes = new Int32Array(SLOTS_MIN);
  #count = 0;

  /** The entry that equals `bytes[from, to)`, or -1. */
  find(hash: number, entries: ByteEntries, bytes: Uint8Array, from: number, to: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (slots[slot + 1] as number) - 1;
      if (entry < 0) return -1;
      if (slots[slot] === hash && entries.equals(entry, bytes, from, to)) return entry;
      slot = (slot + 2) & mask;
    }
    return -1;
  }

  /** Adds the entry that comes after the ones added before. @returns false where no slot is near enough */
  insert(hash: number, entry: number): boolean {
    if (entry === this.#hashes.length) this.#hashes = grownWords(this.#hashes, entry + 1);
    this.#hashes[entry] = hash;
    this.#count = entry + 1;
    if (this.#count * 4 > this.#slots.length) return this.#rebuild(this.#slots.length * 4);
    return this.#place(entry);
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    const slots = this.#slots;
    const mask = slots.length - 2;
    while (this.#count > count) {
      const entry = --this.#count;
      let slot = ((this.#hashes[entry] as number) << 1) & mask;
      for (let probes = 0; probes < PROBES_MAX; probes++) {
        // Nothing that stays was probed past this slot, because it came before.
        if (slots[slot + 1] === entry + 1) slots[slot + 1] = 0;
        slot = (slot + 2) & mask;
      }
    }
  }

  clear(): void {
    this.#slots.fill(0);
    this.#count = 0;
  }

  #rebuild(size: number): boolean {
    this.#slots = new Int32Array(size);
    let placed = true;
    for (let entry = 0; entry < this.#count; entry++) placed = this.#place(entry) && placed;
    return placed;
  }

  #place(entry: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 2;
    const hash = this.#hashes[entry] as number;
    let slot = (hash << 1) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (slots[slot + 1] === 0) {
        slots[slot] = hash;
        slots[slot + 1] = entry + 1;
        return true;
      }
      slot = (slot + 2) & mask;
    }
    return false;
  }
}

/** A hash of `bytes[from, to)`: of all bytes of short strings, of the ends and the length of long ones. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length <= HASHED_BYTES) return spread(mixBytes(length, bytes, from, to));
  const half = HASHED_BYTES / 2;
  return spread(mixBytes(mixBytes(length, bytes, from, from + half), bytes, to - half, to));
}

function mixBytes(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
