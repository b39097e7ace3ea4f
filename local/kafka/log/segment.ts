/** One segment of a partition's log: a file of record batches and its index. */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BatchHeader,
  batchHeaderBytes,
  batchIsIntact,
  readBatchHeader,
} from '../../../pipeline/kafka/record-batch.ts';
import { appendWhole } from '../storage/append-whole.ts';
import { type FoundEntry, OffsetIndex } from './offset-index.ts';

/** A batch's header and where the batch lies in its segment. */
export interface PlacedBatch {
  readonly header: BatchHeader;
  readonly position: number;
}

const indexIntervalBytes = 32_768;
const scanWindowBytes = 16_384;

/** Gives uninitialized memory of a size. */
export type Allocate = (bytes: number) => Buffer;

/** A segment's successor while compaction writes it. */
export interface SegmentDraft {
  readonly bytes: number;
  append(batch: Buffer): void;
  /** Puts the draft in the place of the segment, which ends at `nextOffset` and closes, and returns it opened. */
  replace(nextOffset: number): Segment;
  /** Closes the draft, and removes it unless it has replaced the segment. */
  close(): void;
}

/** An open segment. All calls are synchronous: what `append` wrote is in the page cache and survives `kill -9`. */
export class Segment {
  readonly baseOffset: number;
  readonly #folder: string;
  readonly #path: string;
  readonly #fd: number;
  readonly #index: OffsetIndex;
  #bytes: number;
  #maxTimestamp = -1;
  #bytesSinceIndexed = 0;

  constructor(folder: string, baseOffset: number) {
    this.baseOffset = baseOffset;
    this.#folder = folder;
    this.#path = join(folder, `${String(baseOffset).padStart(20, '0')}.log`);
    // The index first: when it cannot be opened, no empty log may stay behind at which the next start would go on.
    this.#index = new OffsetIndex(this.#indexPath);
    try {
      this.#fd = openSync(this.#path, 'a+');
    } catch (error) {
      this.#index.close();
      throw error;
    }
    this.#bytes = fstatSync(this.#fd).size;
    if (this.sealed) this.#maxTimestamp = this.#index.entry(this.#index.count - 1).maxTimestampBefore;
  }

  get #indexPath(): string {
    return this.#path.replace(/log$/, 'index');
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The largest timestamp of its records; -1 when it has none. */
  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Appends a whole batch with one write(2). On failure the file is as before. */
  append(batch: Buffer, header: BatchHeader): void {
    appendWhole(this.#fd, batch, this.#bytes);
    this.#addToIndex({ header, position: this.#bytes });
    this.#bytes += batch.length;
  }

  /** Up to `bytesMax` bytes from `position`, in memory that `allocate` gives. */
  read(position: number, bytesMax: number, allocate: Allocate = Buffer.allocUnsafeSlow): Buffer {
    const wanted = Math.max(0, Math.min(bytesMax, this.#bytes - position));
    const buffer = allocate(wanted);
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, wanted, position));
  }

  /** The batch that holds `offset`, or the first one after it. */
  find(offset: number): PlacedBatch | undefined {
    const start = this.#checked(this.#index.lastWhere((entry) => entry.offset <= offset))?.position ?? 0;
    for (const batch of this.scan(start)) if (batch.header.lastOffset >= offset) return batch;
    return undefined;
  }

  /** The batches with a record at or after `timestamp`, in order. */
  *scanTimestamp(timestamp: number): Generator<PlacedBatch> {
    const start = this.#checked(this.#index.lastWhere((entry) => entry.maxTimestampBefore < timestamp))?.position ?? 0;
    for (const batch of this.scan(start)) if (batch.header.maxTimestamp >= timestamp) yield batch;
  }

  /** The headers from `position` on, until the end or the first that is not whole. Memory: one window. */
  *scan(position: number): Generator<PlacedBatch> {
    let window: Buffer = Buffer.alloc(0);
    let windowStart = position;
    for (let at = position; ; ) {
      if (at - windowStart + batchHeaderBytes > window.length) {
        window = this.read(at, scanWindowBytes);
        windowStart = at;
      }
      const header = readBatchHeader(window, at - windowStart);
      if (header === undefined || at + header.bytes > this.#bytes) return;
      yield { header, position: at };
      at += header.bytes;
    }
  }

  /** Whether `seal` was the last thing that happened to it; otherwise it needs `recover`. */
  get sealed(): boolean {
    return this.#index.count > 0 && this.#index.entry(this.#index.count - 1).position === this.#bytes;
  }

  /**
   * Checks the batches from `fromOffset` on, rebuilds their index entries and cuts the file at the first batch that is
   * torn or corrupt. Calls `visit` for each whole batch. Memory: one batch.
   */
  recover(fromOffset: number, visit: (batch: PlacedBatch) => void): void {
    const known = this.#checked(this.#index.lastWhere((entry) => entry.offset <= fromOffset));
    this.#index.truncate(known === undefined ? 0 : known.at + 1);
    this.#maxTimestamp = known?.maxTimestampBefore ?? -1;
    this.#bytesSinceIndexed = 0;
    let end = known?.position ?? 0;
    for (const batch of this.scan(end)) {
      const { header, position } = batch;
      if (header.baseOffset >= fromOffset && !batchIsIntact(this.read(position, header.bytes))) break;
      this.#addToIndex(batch);
      end = position + header.bytes;
      if (header.baseOffset >= fromOffset) visit(batch);
    }
    ftruncateSync(this.#fd, end);
    this.#bytes = end;
  }

  /** Ends the segment: a last entry keeps its largest timestamp for the next start, which else reads it again. */
  seal(nextOffset: number): void {
    this.#index.add({ offset: nextOffset, position: this.#bytes, maxTimestampBefore: this.#maxTimestamp });
  }

  /** Starts a file that may take this segment's place. A crash leaves the old or the new one, never a mixture. */
  draft(): SegmentDraft {
    const path = `${this.#path}.draft`;
    const fd = openSync(path, 'w');
    let bytes = 0;
    return {
      get bytes() {
        return bytes;
      },
      append: (batch) => {
        appendWhole(fd, batch, bytes);
        bytes += batch.length;
      },
      replace: (nextOffset) => {
        // Without an index the next start rebuilds it, so that it can never belong to the other file.
        rmSync(this.#indexPath, { force: true });
        renameSync(path, this.#path);
        const next = new Segment(this.#folder, this.baseOffset);
        // These batches were just written: from an offset that is not reached, only the index is rebuilt.
        next.recover(Number.POSITIVE_INFINITY, () => {});
        next.seal(nextOffset);
        // Last: when the new file cannot be opened, this segment is still the one that is read.
        this.close();
        return next;
      },
      close: () => {
        closeSync(fd);
        rmSync(path, { force: true });
      },
    };
  }

  close(): void {
    closeSync(this.#fd);
    this.#index.close();
  }

  delete(): void {
    this.close();
    rmSync(this.#path);
    rmSync(this.#indexPath, { force: true });
  }

  /** `entry` if its batch lies where it says, or it is the end. */
  #checked(entry: FoundEntry | undefined): FoundEntry | undefined {
    if (entry === undefined || entry.position === this.#bytes) return entry;
    const { offset, position } = entry;
    if (!Number.isSafeInteger(position) || position < 0) return undefined;
    return readBatchHeader(this.read(position, batchHeaderBytes))?.baseOffset === offset ? entry : undefined;
  }

  #addToIndex({ header, position }: PlacedBatch): void {
    const isDue = this.#bytesSinceIndexed >= indexIntervalBytes;
    const entry = { offset: header.baseOffset, position, maxTimestampBefore: this.#maxTimestamp };
    if (isDue && this.#index.add(entry)) this.#bytesSinceIndexed = 0;
    this.#bytesSinceIndexed += header.bytes;
    this.#maxTimestamp = Math.max(this.#maxTimestamp, header.maxTimestamp);
  }
}
