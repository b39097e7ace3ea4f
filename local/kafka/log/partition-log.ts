/** One partition's log: segments on disk, offsets, producers, reading and writing. */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaError } from '../protocol/error-code.ts';
import { firstRecordAt, readRecords } from '../protocol/record.ts';
import {
  type BatchHeader,
  batchIsIntact,
  buildMarker,
  markerCommits,
  placeBatch,
  readBatchHeader,
  stampBatch,
} from '../protocol/record-batch.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type CompactionRules, compacted, newestOffsets } from './compaction.ts';
import type { LogSettings } from './log-settings.ts';
import { ProducerState } from './producer-state.ts';
import { type PlacedBatch, Segment } from './segment.ts';

/** Where a batch went. */
export interface AppendResult {
  readonly baseOffset: number;
  /** The broker's time when the topic uses it, else -1. */
  readonly logAppendTimeMs: number;
}

/** What a reader asks for. */
export interface ReadRequest {
  readonly offset: number;
  readonly bytesMax: number;
  readonly committedOnly: boolean;
  /** Give one whole batch even when it is larger than `bytesMax`, so that a reader cannot get stuck. */
  readonly atLeastOne: boolean;
}

/** Whole batches and the aborted transactions among them. */
export interface ReadResult {
  readonly records: Buffer;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

/** A restart after `kill -9` reads at most about this much of a partition. */
const checkpointIntervalBytes = 64 * 1024 * 1024;

/**
 * An open log. Every change is one synchronous step, so that no reader or writer ever sees half of one.
 * Memory: the index (24 bytes for 32 KiB of log), an entry for each producer, and what a read returns.
 */
export class PartitionLog {
  readonly #folder: string;
  readonly #segments: Segment[] = [];
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
    this.#folder = folder;
    this.#settings = settings;
    this.#now = now;
    this.#activeSince = now();
    mkdirSync(folder, { recursive: true });
    const checkpoint = readCheckpoint(folder);
    this.#producers = new ProducerState(checkpoint);
    this.#startOffset = checkpoint.startOffset;
    this.#compactedTo = checkpoint.compactedTo;
    this.#recover(checkpoint.offset);
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
    const header = this.#accept(records);
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
  read({ offset, bytesMax, committedOnly, atLeastOne }: ReadRequest): ReadResult {
    if (offset < this.#startOffset || offset > this.#endOffset) {
      const range = `${this.#startOffset} to ${this.#endOffset}`;
      throw new KafkaError('offsetOutOfRange', `Cannot read offset ${offset}: the log holds ${range}`);
    }
    const limit = committedOnly ? this.lastStableOffset : this.#endOffset;
    const found = offset < limit ? this.#find(offset) : undefined;
    if (found === undefined || found.batch.header.baseOffset >= limit) return { records: Buffer.alloc(0), aborted: [] };
    const { segment, batch } = found;
    const wanted = atLeastOne ? Math.max(bytesMax, batch.header.bytes) : bytesMax;
    const { records, nextOffset } = wholeBatches(segment.read(batch.position, wanted), limit);
    const aborted = committedOnly ? this.#producers.abortedIn(offset, nextOffset) : [];
    return { records, aborted: aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })) };
  }

  /** The first record at or after `timestamp` and `startOffset`; undefined when there is none. */
  recordAt(timestamp: number): { readonly offset: number; readonly timestamp: number } | undefined {
    for (const segment of this.#segments) {
      if (segment.maxTimestamp < timestamp) continue;
      for (const { header, position } of segment.scanTimestamp(timestamp)) {
        if (header.lastOffset < this.#startOffset) continue;
        const record = firstRecordAt(segment.read(position, header.bytes), timestamp, this.#startOffset);
        if (record !== undefined) return record;
      }
    }
    return undefined;
  }

  /** The largest timestamp in the log; -1 when it is empty. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1);
  }

  /** Calls `wake` after each append until the returned function is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** Makes `offset` the first offset; whole segments before it are deleted. Durable when it returns. */
  startAt(offset: number): void {
    if (offset <= this.#startOffset) return;
    this.#startOffset = offset;
    while (this.#segments.length > 1 && (this.#segments[1]?.baseOffset ?? 0) <= offset)
      this.#segments.shift()?.delete();
    this.#producers.expire(Number.NEGATIVE_INFINITY, offset);
    this.#checkpoint();
  }

  /** Deletes what `retention.ms` and `retention.bytes` no longer cover, segment by segment. */
  applyRetention(): void {
    const { deletes, retentionMs, retentionBytes } = this.#settings;
    if (!deletes) return;
    let excess = retentionBytes < 0 ? 0 : this.#segments.reduce((sum, { bytes }) => sum + bytes, -retentionBytes);
    const oldest = retentionMs < 0 ? Number.NEGATIVE_INFINITY : this.#now() - retentionMs;
    let expired = 0;
    for (const { bytes, maxTimestamp } of this.#segments) {
      const isTooOld = bytes > 0 && maxTimestamp >= 0 && maxTimestamp < oldest;
      if (!isTooOld && excess < bytes) break;
      if (!isTooOld && bytes === 0) break;
      excess -= bytes;
      expired += 1;
    }
    if (expired === 0) return;
    if (expired === this.#segments.length) this.#roll();
    this.startAt(this.#segments[expired]?.baseOffset ?? this.#startOffset);
  }

  /**
   * Compacts the closed segments if enough of them is new (`min.cleanable.dirty.ratio`). Other work goes on meanwhile.
   * Memory: a key and an offset for each distinct key, at most a million.
   */
  async compact(): Promise<void> {
    const { compacts, minCleanableDirtyRatio } = this.#settings;
    const closed = this.#compactable();
    const dirty = closed.filter((segment) => this.#endOf(segment) > this.#compactedTo);
    const dirtyBytes = dirty.reduce((sum, { bytes }) => sum + bytes, 0);
    const totalBytes = closed.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!compacts || dirtyBytes === 0 || dirtyBytes < totalBytes * minCleanableDirtyRatio) return;
    const rules = this.#compactionRules();
    const { newest, endOffset } = await newestOffsets(dirty, rules);
    if (this.#isClosed) return;
    for (const segment of closed) {
      if (segment.baseOffset >= endOffset) break;
      const draft = segment.draft();
      for await (const batch of compacted(segment, newest, rules)) draft.append(batch);
      // Meanwhile the log may have been closed, or the segment deleted.
      if (this.#isClosed || !this.#segments.includes(segment)) return draft.discard();
      this.#segments[this.#segments.indexOf(segment)] = draft.replace(this.#endOf(segment));
    }
    this.#compactedTo = endOffset;
    this.#checkpoint();
  }

  /** Writes the checkpoint and closes all files. */
  close(): void {
    this.#isClosed = true;
    this.#checkpoint();
    for (const segment of this.#segments) segment.close();
  }

  /** Closes and removes everything. */
  delete(): void {
    this.#isClosed = true;
    for (const segment of this.#segments) segment.close();
    rmSync(this.#folder, { recursive: true });
    for (const wake of [...this.#waiting]) wake();
  }

  #accept(records: Buffer): BatchHeader {
    const header = readBatchHeader(records);
    if (header === undefined || header.bytes > records.length || header.magic !== 2) {
      throw new KafkaError('corruptMessage', 'Cannot append: not a whole record batch of format v2');
    }
    if (header.bytes !== records.length || header.control || header.lastOffsetDelta < 0) {
      throw new KafkaError('invalidRecord', 'Cannot append: a produce request carries one data batch for a partition');
    }
    if (header.bytes > this.#settings.maxMessageBytes) {
      const { maxMessageBytes } = this.#settings;
      throw new KafkaError(
        'messageTooLarge',
        `Cannot append ${header.bytes} bytes: max.message.bytes is ${maxMessageBytes}`,
      );
    }
    if (!batchIsIntact(records)) throw new KafkaError('corruptMessage', 'Cannot append: the checksum does not match');
    if (this.#settings.compacts && readRecords(records)?.some(({ key }) => key === null)) {
      throw new KafkaError('invalidRecord', 'Compacted topic cannot accept message without key');
    }
    return header;
  }

  #write(batch: Buffer, commits?: boolean): number {
    const baseOffset = this.#endOffset;
    placeBatch(batch, baseOffset);
    const header = readBatchHeader(batch);
    if (header === undefined) throw new Error('Cannot write: a batch without a header passed the checks');
    try {
      this.#segmentFor(header.bytes).append(batch, [header]);
    } catch (error) {
      throw new KafkaError('kafkaStorageError', `Cannot write to "${this.#folder}": ${String(error)}`);
    }
    this.#producers.appended(header, commits);
    this.#endOffset = header.lastOffset + 1;
    this.#bytesSinceCheckpoint += header.bytes;
    if (this.#bytesSinceCheckpoint >= checkpointIntervalBytes) this.#checkpoint();
    for (const wake of [...this.#waiting]) wake();
    return baseOffset;
  }

  #segmentFor(bytes: number): Segment {
    const active = this.#active;
    if (active.bytes === 0) this.#activeSince = this.#now();
    const isOld = this.#now() - this.#activeSince >= this.#settings.segmentMs;
    if (active.bytes === 0 || (active.bytes + bytes <= this.#settings.segmentBytes && !isOld)) return active;
    return this.#roll();
  }

  /** Closed segments without open transactions whose records are old enough (`min.compaction.lag.ms`). */
  #compactable(): readonly Segment[] {
    const end = this.lastStableOffset;
    const newest = this.#now() - this.#settings.minCompactionLagMs;
    return this.#segments.slice(0, -1).filter((one) => this.#endOf(one) <= end && one.maxTimestamp <= newest);
  }

  #compactionRules(): CompactionRules {
    const { deleteRetentionMs } = this.#settings;
    const expired = this.#segments.filter(({ maxTimestamp }) => maxTimestamp < this.#now() - deleteRetentionMs);
    const expiredTo = Math.max(0, ...expired.map((segment) => this.#endOf(segment)));
    const compactedTo = this.#compactedTo;
    return {
      isAborted: (header) =>
        this.#producers
          .abortedIn(header.baseOffset, header.lastOffset + 1)
          .some(({ producerId }) => header.transactional && producerId === header.producerId),
      // A tombstone stays for one run at least, or a reader that follows the log could miss the deletion.
      isStopped: () => this.#isClosed,
      dropsTombstones: (offset) => offset < compactedTo && offset < expiredTo,
    };
  }

  #endOf(segment: Segment): number {
    return this.#segments[this.#segments.indexOf(segment) + 1]?.baseOffset ?? this.#endOffset;
  }

  #roll(): Segment {
    this.#active.seal(this.#endOffset);
    const next = new Segment(this.#folder, this.#endOffset);
    this.#segments.push(next);
    this.#activeSince = this.#now();
    return next;
  }

  get #active(): Segment {
    const active = this.#segments.at(-1);
    if (active === undefined) throw new Error(`Cannot use "${this.#folder}": the log is closed`);
    return active;
  }

  #find(offset: number): { readonly segment: Segment; readonly batch: PlacedBatch } | undefined {
    const last = this.#segments.findLastIndex((segment) => segment.baseOffset <= offset);
    // Compaction can leave a segment without the wanted offset: the reader goes on with the next one.
    for (const segment of this.#segments.slice(Math.max(last, 0))) {
      const batch = segment.find(offset);
      if (batch !== undefined) return { segment, batch };
    }
    return undefined;
  }

  #recover(fromOffset: number): void {
    const names = readdirSync(this.#folder);
    for (const name of names) if (name.endsWith('.draft')) rmSync(join(this.#folder, name));
    const bases = names
      .filter((name) => name.endsWith('.log'))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
    for (const base of bases.length === 0 ? [this.#startOffset] : bases) {
      this.#segments.push(new Segment(this.#folder, base));
    }
    this.#endOffset = Math.max(fromOffset, this.#active.baseOffset);
    for (const [at, segment] of this.#segments.entries()) {
      const nextBase = this.#segments[at + 1]?.baseOffset ?? Number.POSITIVE_INFINITY;
      if (nextBase <= fromOffset && segment.sealed) continue;
      segment.recover(nextBase <= fromOffset ? segment.baseOffset : fromOffset, (batch) => {
        if (batch.header.baseOffset >= fromOffset) this.#recovered(segment, batch);
      });
      if (nextBase !== Number.POSITIVE_INFINITY && !segment.sealed) segment.seal(nextBase);
    }
    this.#checkpoint();
  }

  #recovered(segment: Segment, { header, position }: PlacedBatch): void {
    const commits = header.control ? markerCommits(segment.read(position, header.bytes)) : undefined;
    this.#producers.appended(header, commits);
    this.#endOffset = header.lastOffset + 1;
  }

  #checkpoint(): void {
    writeCheckpoint(this.#folder, {
      offset: this.#endOffset,
      startOffset: this.#startOffset,
      compactedTo: this.#compactedTo,
      ...this.#producers.toData(),
    });
    this.#bytesSinceCheckpoint = 0;
  }
}

/** Cuts `read` after its last whole batch that begins before `limit`. */
function wholeBatches(read: Buffer, limit: number): { readonly records: Buffer; readonly nextOffset: number } {
  let end = 0;
  let nextOffset = 0;
  for (;;) {
    const header = readBatchHeader(read, end);
    if (header === undefined || end + header.bytes > read.length || header.baseOffset >= limit) break;
    end += header.bytes;
    nextOffset = header.lastOffset + 1;
  }
  return { records: read.subarray(0, end), nextOffset };
}
