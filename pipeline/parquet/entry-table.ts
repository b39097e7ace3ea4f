/** A hash table over byte strings, to find the one that is there already. */
import { grownWords } from './byte-buffer.ts';
import type { ByteEntries } from './byte-entries.ts';

/** A longer probe means a poor (or attacked) hash. */
const PROBES_MAX = 64;
const SLOTS_MIN = 256;

/** Open addressing with linear probing; entries leave in the reverse order in which they came. */
export class EntryTable {
  /** Pairs of a hash and its entry + 1, or 0: side by side, as one look-up then touches one line of the cache. */
  #slots = new Int32Array(SLOTS_MIN * 2);
  /** By entry. */
  #hashes = new Int32Array(SLOTS_MIN);
  #count = 0;

  /** The entry that equals `view[from, to)`, or -1. */
  find(hash: number, entries: ByteEntries, view: DataView, from: number, to: number): number {
    const slots = this.#slots;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (slots[slot + 1] as number) - 1;
      if (entry < 0) return -1;
      if (slots[slot] === hash && entries.equals(entry, view, from, to)) return entry;
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
