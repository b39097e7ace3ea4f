/** One partition's log: segments on disk, offsets, producers, reading and writing. */

import { mkdirSync, rmSync } from 'node:fs';
import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import {
  type BatchHeader,
  buildMarker,
  markerCommits,
  placeBatch,
  readBatchHeader,
  stampBatch,
} from '../../../pipeline/kafka/record-batch.ts';
import { acceptBatch } from './accept-batch.ts';
import { readCheckpoint, tryWriteCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { compactSegments } from './compaction.ts';
import { planCompaction } from './compaction-plan.ts';
import { findRecord } from './find-record.ts';
import type { LogSettings } from './log-settings.ts';
import { ProducerState } from './producer-state.ts';
import { type BatchRange, readBatches } from './read-batches.ts';
import { retentionEnd } from './retention.ts';
import type { PlacedBatch, Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';

/** Where a batch went. */
export interface AppendResult {
  readonly baseOffset: number;
  /** The broker's time when the topic uses it, else -1. */
  readonly logAppendTimeMs: number;
}

/** What a reader asks for. */
export interface ReadRequest extends Omit<BatchRange, 'limit'> {
  readonly committedOnly: boolean;
}

/** Whole batches and the aborted transactions among them. */
export interface ReadResult {
  readonly records: Buffer;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  /** There is more behind these records. */
  readonly isCut: boolean;
}

/** A restart after `kill -9` reads at most about this much of a partition. */
const checkpointIntervalBytes = 64 * 1024 * 1024;

/**
 * An open log. Every change is one synchronous step, so that no reader or writer ever sees half of one.
 * Memory: the index (24 bytes for 32 KiB of log), an entry for each producer, and what a read returns.
 */
export class PartitionLog {
  /** Where its files are. */
  readonly folder: string;
  readonly #segments: SegmentList;
  readonly #waiting = new Set<() => void>();
  readonly #now: () => number;
  #settings: LogSettings;
  #producers: ProducerState;
  #startOffset: number;
  #compactedTo: number;
  #endOffset = 0;
  #bytesSinceCheckpoint = 0;
  #isClosed = false;
  #activeSince: number;

  /** Opens the log in `folder`, creating it if need be; cuts a torn tail. */
  constructor(folder: string, settings: LogSettings, now: () => number) {
    this.folder = folder;
    this.#settings = settings;
    this.#now = now;
    this.#activeSince = now();
    mkdirSync(folder, { recursive: true });
    const checkpoint = readCheckpoint(folder);
    this.#producers = new ProducerState(checkpoint);
    this.#compactedTo = checkpoint.compactedTo;
    this.#segments = new SegmentList(folder, checkpoint.startOffset);
    this.#startOffset = Math.max(checkpoint.startOffset, this.#segments.baseOffset);
    this.#endOffset = Math.max(checkpoint.offset, this.#segments.active.baseOffset);
    this.#segments.recover(checkpoint.offset, (segment, batch) => this.#recovered(segment, batch));
    this.#checkpoint();
  }

  /** The first offset a reader may ask for. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The offset of the next record; on one node also the high watermark. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Where the first open transaction begins, else the end. */
  get lastStableOffset(): number {
    return this.#producers.firstOpenOffset() ?? this.#endOffset;
  }

  get producers(): ProducerState {
    return this.#producers;
  }

  configure(settings: LogSettings): void {
    this.#settings = settings;
  }

  /**
   * Appends what a producer sent for this partition, as it was sent: only offset, epoch and, where the topic says so,
   * the time are written into `records`, which the log takes over. Returns after write(2): survives `kill -9`, not a
   * power cut. A batch that an idempotent producer repeats is answered, not appended.
   * @throws KafkaError for what Kafka refuses.
   */
  append(records: Buffer, mayAppend: (header: BatchHeader) => void = () => {}): AppendResult {
    this.#checkOpen();
    const header = acceptBatch(records, this.#settings, this.#now());
    mayAppend(header);
    if (header.producerId >= 0) {
      const verdict = this.#producers.judge(header);
      if (verdict.kind === 'duplicate') return { baseOffset: verdict.baseOffset, logAppendTimeMs: -1 };
      if (verdict.kind === 'refuse') {
        throw new KafkaError(
          verdict.error,
          `Cannot append sequence ${header.baseSequence} of producer ${header.producerId}: it does not follow`,
        );
      }
    }
    const logAppendTimeMs = this.#settings.logAppendTime ? this.#now() : -1;
    if (logAppendTimeMs >= 0) stampBatch(records, logAppendTimeMs);
    return { baseOffset: this.#write(records), logAppendTimeMs };
  }

  /** Ends a producer's transaction here; without one open, only if `always`, as Kafka does for added partitions. */
  endTransaction(producerId: number, epoch: number, committed: boolean, always: boolean): void {
    if (always || this.#producers.isOpen(producerId)) {
      this.#write(buildMarker(producerId, epoch, committed, this.#now()), committed);
    }
  }

  /**
   * Reads whole batches from the one that holds `offset`; at most one segment's worth.
   * @throws KafkaError `offsetOutOfRange` outside of `startOffset` to `endOffset`.
   */
  read({ offset, bytesMax, committedOnly, atLeastOne, allocate }: ReadRequest): ReadResult {
    this.#checkOpen();
    if (offset < this.#startOffset || offset > this.#endOffset) {
      const range = `${this.#startOffset} to ${this.#endOffset}`;
      throw new KafkaError('offsetOutOfRange', `Cannot read offset ${offset}: the log holds ${range}`);
    }
    const limit = committedOnly ? this.lastStableOffset : this.#endOffset;
    const read = readBatches(this.#segments, { offset, limit, bytesMax, atLeastOne, allocate });
    if (read === undefined) return { records: Buffer.alloc(0), aborted: [], isCut: false };
    const aborted = committedOnly ? this.#producers.abortedIn(offset, read.nextOffset) : [];
    return {
      records: read.records,
      isCut: read.nextOffset < limit,
      aborted: aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    };
  }

  /** The first record at or after `timestamp` and `startOffset`; undefined when there is none. */
  recordAt(timestamp: number): { readonly offset: number; readonly timestamp: number } | undefined {
    this.#checkOpen();
    return findRecord(this.#segments, timestamp, this.#startOffset);
  }

  /** The largest timestamp in the log; -1 when it is empty. */
  get maxTimestamp(): number {
    return this.#segments.maxTimestamp;
  }

  /** Calls `wake` after each append until the returned function is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /**
   * Makes `offset` the first offset; whole segments before it are deleted. Durable when it returns.
   * @throws KafkaError `kafkaStorageError` when the disk refuses it; nothing has changed then.
   */
  startAt(offset: number): void {
    this.#checkOpen();
    const before = this.#startOffset;
    if (offset <= before) return;
    this.#startOffset = offset;
    try {
      this.#checkpoint(writeCheckpoint);
    } catch (error) {
      this.#startOffset = before;
      throw this.#storageError(error);
    }
    this.#dropBefore(offset);
  }

  /** Deletes what `retention.ms` and `retention.bytes` no longer cover, segment by segment. */
  applyRetention(): void {
    if (!this.#settings.deletes) return;
    const reached = retentionEnd(this.#segments, this.#settings, this.#now(), this.#startOffset);
    const end = Math.min(reached, this.#endOffset);
    // The active segment can only be deleted as a closed one.
    if (end === this.#endOffset && end > this.#segments.active.baseOffset) this.#segments.roll(end);
    if (end <= this.#startOffset) return;
    // The files first, which makes room on a full disk. Segments go whole: the next start sees where the log begins.
    this.#startOffset = end;
    this.#dropBefore(end);
    this.#checkpoint();
  }

  /** Compacts the closed segments if enough of them is new (`min.cleanable.dirty.ratio`). */
  async compact(): Promise<void> {
    if (!this.#settings.compacts || this.#isClosed) return;
    const log = {
      segments: this.#segments,
      settings: this.#settings,
      producers: this.#producers,
      lastStableOffset: this.lastStableOffset,
      compactedTo: this.#compactedTo,
      isClosed: () => this.#isClosed,
    };
    const plan = planCompaction(log, this.#now());
    if (plan === undefined) return;
    const compactedTo = await compactSegments(this.#segments, plan.closed, plan.dirty, plan.rules);
    if (this.#isClosed) return;
    this.#compactedTo = compactedTo;
    this.#checkpoint();
  }

  /** Writes the checkpoint and closes all files. */
  close(): void {
    this.#isClosed = true;
    this.#checkpoint();
    this.#segments.close();
  }

  /** Closes and removes everything. */
  delete(): void {
    this.#isClosed = true;
    this.#segments.close();
    rmSync(this.folder, { recursive: true });
    for (const wake of [...this.#waiting]) wake();
  }

  /** A request may still be in work when the broker stops: its files' numbers may by then belong to others. */
  #checkOpen(): void {
    if (this.#isClosed) throw new KafkaError('notLeaderOrFollower', `Cannot use "${this.folder}": it is closed`);
  }

  #write(batch: Buffer, commits?: boolean): number {
    const baseOffset = this.#endOffset;
    placeBatch(batch, baseOffset);
    const header = readBatchHeader(batch);
    if (header === undefined) throw new Error('Cannot write: a batch without a header passed the checks');
    try {
      this.#segmentFor(header.bytes).append(batch, header);
    } catch (error) {
      throw this.#storageError(error);
    }
    this.#producers.appended(header, this.#now(), commits);
    this.#endOffset = header.lastOffset + 1;
    this.#bytesSinceCheckpoint += header.bytes;
    if (this.#bytesSinceCheckpoint >= checkpointIntervalBytes) this.#checkpoint();
    for (const wake of [...this.#waiting]) wake();
    return baseOffset;
  }

  #storageError(error: unknown): KafkaError {
    return new KafkaError('kafkaStorageError', `Cannot write to "${this.folder}": ${String(error)}`);
  }

  #dropBefore(offset: number): void {
    this.#segments.dropBefore(offset);
    this.#producers.expire(Number.NEGATIVE_INFINITY, offset);
  }

  #segmentFor(bytes: number): Segment {
    const { active } = this.#segments;
    if (active.bytes === 0) {
      this.#activeSince = this.#now();
      return active;
    }
    const { segmentBytes, segmentMs } = this.#settings;
    if (active.bytes + bytes <= segmentBytes && this.#now() - this.#activeSince < segmentMs) return active;
    this.#activeSince = this.#now();
    return this.#segments.roll(this.#endOffset);
  }

  #recovered(segment: Segment, { header, position }: PlacedBatch): void {
    const commits = header.control ? markerCommits(segment.read(position, header.bytes)) : undefined;
    this.#producers.appended(header, this.#now(), commits);
    this.#endOffset = header.lastOffset + 1;
  }

  #checkpoint(write = tryWriteCheckpoint): void {
    this.#bytesSinceCheckpoint = 0;
    write(this.folder, {
      offset: this.#endOffset,
      startOffset: this.#startOffset,
      compactedTo: this.#compactedTo,
      ...this.#producers.toData(),
    });
  }
}
