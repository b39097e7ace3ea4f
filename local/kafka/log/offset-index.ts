/** A segment's sparse index: where batches begin, by offset and by time. */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** One indexed batch. */
export interface IndexEntry {
  readonly offset: number;
  /** In the segment file. */
  readonly position: number;
  /** The largest timestamp before this batch in the segment. */
  readonly maxTimestampBefore: number;
}

const numbersPerEntry = 3;
const entryBytes = numbersPerEntry * Float64Array.BYTES_PER_ELEMENT;

/** An append-only file of entries, held in memory as well: 24 bytes for each 32 KiB of log. */
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

  add({ offset, position, maxTimestampBefore }: IndexEntry): void {
    const start = this.#count * numbersPerEntry;
    if (start === this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([offset, position, maxTimestampBefore], start);
    writeSync(this.#fd, this.#numbers, start * Float64Array.BYTES_PER_ELEMENT, entryBytes);
    this.#count += 1;
  }

  /** The last entry for which `isBefore` holds; entries must satisfy it up to some point and not after. */
  lastWhere(isBefore: (entry: IndexEntry) => boolean): IndexEntry | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.entry(middle))) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.entry(low - 1);
  }

  /** Drops the entries from `position` of the segment on. */
  truncate(position: number): void {
    while (this.#count > 0 && this.entry(this.#count - 1).position >= position) this.#count -= 1;
    ftruncateSync(this.#fd, this.#count * entryBytes);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
