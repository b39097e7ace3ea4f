/** Byte strings one after the other, each with its length before it: the PLAIN encoding of BYTE_ARRAY. */
import { grownBuffer, grownWords } from './byte-buffer.ts';
import { compareBytes, copyBytes, equalBytes } from './byte-view.ts';

/** The four bytes of a length. */
const PREFIX = 4;

/** A list of byte strings in one heap, which can be cut at its end. */
export class ByteEntries {
  /** Content may be written from `reserve`'s result on, and becomes an entry by `commit`. */
  heap: Buffer<ArrayBuffer> = Buffer.alloc(0);
  view: DataView = new DataView(this.heap.buffer);
  count = 0;
  byteLength = 0;
  #starts = new Int32Array(0);

  /** Makes room for an entry of `length` bytes. @returns where its content goes */
  reserve(length: number): number {
    const needed = this.byteLength + PREFIX + length;
    if (needed > this.heap.length) this.#grow(needed);
    return this.byteLength + PREFIX;
  }

  /** Makes the `length` bytes that were written after `reserve` an entry. */
  commit(length: number): void {
    if (this.count === this.#starts.length) this.#starts = grownWords(this.#starts, this.count + 1);
    this.#starts[this.count++] = this.byteLength;
    this.view.setInt32(this.byteLength, length, true);
    this.byteLength += PREFIX + length;
  }

  /** Adds a copy of `bytes[from, to)`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    const start = this.reserve(length);
    copyBytes(bytes, from, this.heap, start, length);
    this.commit(length);
  }

  /** Where an entry begins, length included; of the entry after the last, where the heap ends. */
  startOf(entry: number): number {
    return entry < this.count ? (this.#starts[entry] as number) : this.byteLength;
  }

  lengthOf(entry: number): number {
    return this.startOf(entry + 1) - this.startOf(entry) - PREFIX;
  }

  /** Whether the entry that starts at `start` is `view[from, to)`. */
  equals(start: number, view: DataView, from: number, to: number): boolean {
    const length = to - from;
    if (this.view.getInt32(start, true) !== length) return false;
    return equalBytes(this.view, start + PREFIX, view, from, length);
  }

  /** Unsigned bytes, left to right. */
  compare(a: number, b: number): number {
    const startA = this.#starts[a] as number;
    const startB = this.#starts[b] as number;
    const lengthA = this.view.getInt32(startA, true);
    const lengthB = this.view.getInt32(startB, true);
    const length = Math.min(lengthA, lengthB);
    return compareBytes(this.view, startA + PREFIX, startB + PREFIX, length) || lengthA - lengthB;
  }

  /**
   * The least and the greatest of the entries `[from, to)`, which is not empty. Most entries are told apart by their
   * first eight bytes, so those are compared first, as two big-endian words.
   */
  extremes(from: number, to: number): { readonly min: number; readonly max: number } {
    let min = from;
    let max = from;
    let minFirst = this.#word(from, 0);
    let minSecond = this.#word(from, 4);
    let maxFirst = minFirst;
    let maxSecond = minSecond;
    for (let entry = from + 1; entry < to; entry++) {
      const first = this.#word(entry, 0);
      const second = this.#word(entry, 4);
      const below = first - minFirst || second - minSecond;
      if (below < 0 || (below === 0 && this.compare(entry, min) < 0)) {
        min = entry;
        minFirst = first;
        minSecond = second;
      }
      const above = first - maxFirst || second - maxSecond;
      if (above > 0 || (above === 0 && this.compare(entry, max) > 0)) {
        max = entry;
        maxFirst = first;
        maxSecond = second;
      }
    }
    return { min, max };
  }

  /** Four bytes of an entry, from byte `offset` on, as an unsigned number; bytes that it does not have count as zero. */
  #word(entry: number, offset: number): number {
    const start = this.#starts[entry] as number;
    const missing = offset + 4 - this.view.getInt32(start, true);
    if (missing <= 0) return this.view.getUint32(start + PREFIX + offset);
    return missing >= 4 ? 0 : (this.#shortWord(start + PREFIX + offset, 4 - missing) << (missing * 8)) >>> 0;
  }

  #shortWord(at: number, length: number): number {
    let word = 0;
    for (let i = 0; i < length; i++) word = (word << 8) | (this.heap[at + i] as number);
    return word;
  }

  /** Adds a copy of another list's entry. */
  addFrom(other: ByteEntries, entry: number): void {
    this.add(other.heap, other.startOf(entry) + PREFIX, other.startOf(entry + 1));
  }

  contentOf(entry: number): Uint8Array {
    return this.#bytes(this.startOf(entry) + PREFIX, this.startOf(entry + 1));
  }

  /** The entries `[from, to)` with their lengths. */
  plain(from: number, to: number): Uint8Array {
    return this.#bytes(this.startOf(from), this.startOf(to));
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    this.byteLength = this.startOf(count);
    this.count = count;
  }

  /** No `Buffer`, whose `slice` would share memory. */
  #bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(this.heap.buffer, from, to - from);
  }

  #grow(needed: number): void {
    this.heap = grownBuffer(this.heap, needed);
    this.view = new DataView(this.heap.buffer);
  }
}
