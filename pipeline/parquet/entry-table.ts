/** A hash table over byte strings, to find the one that is there already. */
import { grownWords } from './byte-buffer.ts';
import type { ByteEntries } from './byte-entries.ts';

/** A longer probe means a poor (or attacked) hash. */
const PROBES_MAX = 64;
const SLOTS_MIN = 256;

/** Open addressing with linear probing; entries leave in the reverse order in which they came. */
export class EntryTable {
  /**
   * By fours: a hash, its entry + 1 or 0, and where the entry starts. Side by side, as one look-up then touches one line
   * of the cache.
   */
  #slots = new Int32Array(SLOTS_MIN * 4);
  /** By entry. */
  #hashes = new Int32Array(SLOTS_MIN);
  #count = 0;

  /** The entry that equals `view[from, to)`, or -1. */
  find(hash: number, entries: ByteEntries, view: DataView, from: number, to: number): number {
    const slots = this.#slots;
    const mask = slots.length - 4;
    let slot = (hash << 2) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (slots[slot + 1] as number) - 1;
      if (entry < 0) return -1;
      if (slots[slot] === hash && entries.equals(slots[slot + 2] as number, view, from, to)) return entry;
      slot = (slot + 4) & mask;
    }
    return -1;
  }

  /** Adds the entry that comes after the ones added before. @returns false where no slot is near enough */
  insert(hash: number, entry: number, entries: ByteEntries): boolean {
    if (entry === this.#hashes.length) this.#hashes = grownWords(this.#hashes, entry + 1);
    this.#hashes[entry] = hash;
    this.#count = entry + 1;
    if (this.#count * 8 > this.#slots.length) return this.#rebuild(this.#slots.length * 4, entries);
    return this.#place(entry, entries.startOf(entry));
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    const slots = this.#slots;
    const mask = slots.length - 4;
    while (this.#count > count) {
      const entry = --this.#count;
      let slot = ((this.#hashes[entry] as number) << 2) & mask;
      for (let probes = 0; probes < PROBES_MAX; probes++) {
        // Nothing that stays was probed past this slot, because it came before.
        if (slots[slot + 1] === entry + 1) slots[slot + 1] = 0;
        slot = (slot + 4) & mask;
      }
    }
  }

  clear(): void {
    this.#slots.fill(0);
    this.#count = 0;
  }

  #rebuild(size: number, entries: ByteEntries): boolean {
    this.#slots = new Int32Array(size);
    let placed = true;
    for (let entry = 0; entry < this.#count; entry++) placed = this.#place(entry, entries.startOf(entry)) && placed;
    return placed;
  }

  #place(entry: number, start: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 4;
    const hash = this.#hashes[entry] as number;
    let slot = (hash << 2) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (slots[slot + 1] === 0) {
        slots[slot] = hash;
        slots[slot + 1] = entry + 1;
        slots[slot + 2] = start;
        return true;
      }
      slot = (slot + 4) & mask;
    }
    return false;
  }
}
