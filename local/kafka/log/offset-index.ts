/** A segment's sparse index: where batches begin, by offset and by time. */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { appendWhole } from '../storage/append-whole.ts';

/** One indexed batch. */
export interface IndexEntry {
  readonly offset: number;
  /** In the segment file. */
  readonly position: number;
  /** The largest timestamp before this batch in the segment. */
  readonly maxTimestampBefore: number;
}

/** An entry and how many come before it. */
export interface FoundEntry extends IndexEntry {
  readonly at: number;
}

const numbersPerEntry = 3;
const entryBytes = numbersPerEntry * Float64Array.BYTES_PER_ELEMENT;

/**
 * An append-only file of entries, held in memory as well: 24 bytes for each 32 KiB of log. It only makes searches
 * shorter: entries may be missing, and no checksum guards those that are there.
 */
export class OffsetIndex {
  readonly #fd: number;
  #numbers: Float64Array;
  #count: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'a+');
    this.#count = Math.floor(fstatSync(this.#fd).size / entryBytes);
    this.#numbers = new Float64Array(Math.max(64, this.#count) * numbersPerEntry);
    readSync(this.#fd, this.#numbers, 0, this.#count * entryBytes, 0);
  }

  get count(): number {
    return this.#count;
  }

  entry(at: number): IndexEntry {
    const start = at * numbersPerEntry;
    const [offset = 0, position = 0, maxTimestampBefore = -1] = this.#numbers.subarray(start, start + numbersPerEntry);
    return { offset, position, maxTimestampBefore };
  }

  /** Returns whether the disk took the entry; if not, it is as before. */
  add({ offset, position, maxTimestampBefore }: IndexEntry): boolean {
    const start = this.#count * numbersPerEntry;
    if (start === this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([offset, position, maxTimestampBefore], start);
    const size = this.#count * entryBytes;
    try {
      appendWhole(this.#fd, Buffer.from(this.#numbers.buffer, size, entryBytes), size);
    } catch {
      // A full disk: the log may still take records, and is searched from an earlier entry.
      return false;
    }
    this.#count += 1;
    return true;
  }

  /** The last entry for which `isBefore` holds; entries must satisfy it up to some point and not after. */
  lastWhere(isBefore: (entry: IndexEntry) => boolean): FoundEntry | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.entry(middle))) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : { ...this.entry(low - 1), at: low - 1 };
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    this.#count = count;
    ftruncateSync(this.#fd, this.#count * entryBytes);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
