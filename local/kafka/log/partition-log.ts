/** One partition's log: segments on disk, offsets, producers, reading and writing. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaError } from '../protocol/error-code.ts';
import {
  type BatchHeader,
  batchIsIntact,
  buildMarker,
  markerCommits,
  placeBatch,
  readBatchHeader,
  stampBatch,
} from '../protocol/record-batch.ts';
import { ProducerState, type ProducerStateData } from './producer-state.ts';
import { type PlacedBatch, Segment } from './segment.ts';

/** The topic settings that a log obeys; they may change while it is open. */
export interface LogSettings {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly maxMessageBytes: number;
  readonly logAppendTime: boolean;
}

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

/** What a restart need not find out again. */
interface Checkpoint extends ProducerStateData {
  /** Everything before this offset is checked and counted in the producers. */
  readonly offset: number;
  readonly startOffset: number;
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
  #endOffset = 0;
  #bytesSinceCheckpoint = 0;
  #activeSince: number;

  /** Opens the log in `folder`, creating it if need be; cuts a torn tail. */
  constructor(folder: string, settings: LogSettings, now: () => number) {
    this.#folder = folder;
    this.#settings = settings;
    this.#now = now;
    this.#activeSince = now();
    mkdirSync(folder, { recursive: true });
    const checkpoint = readCheckpoint(join(folder, 'checkpoint.json'));
    this.#producers = new ProducerState(checkpoint);
    this.#startOffset = checkpoint.startOffset;
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

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
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

  /** The first batch with a record at or after `timestamp`, as stored; undefined when there is none. */
  batchAt(timestamp: number): Buffer | undefined {
    for (const segment of this.#segments) {
      const batch = segment.maxTimestamp >= timestamp ? segment.findTimestamp(timestamp) : undefined;
      if (batch !== undefined && batch.header.lastOffset >= this.#startOffset) {
        return segment.read(batch.position, batch.header.bytes);
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

  /** Writes the checkpoint and closes all files. */
  close(): void {
    this.#checkpoint();
    for (const segment of this.#segments) segment.close();
  }

  /** Closes and removes everything. */
  delete(): void {
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
    const isOld = active.bytes > 0 && this.#now() - this.#activeSince >= this.#settings.segmentMs;
    if (active.bytes === 0 || (active.bytes + bytes <= this.#settings.segmentBytes && !isOld)) return active;
    return this.#roll();
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
    const bases = readdirSync(this.#folder)
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
    const path = join(this.#folder, 'checkpoint.json');
    const checkpoint: Checkpoint = {
      offset: this.#endOffset,
      startOffset: this.#startOffset,
      ...this.#producers.toData(),
    };
    writeFileSync(`${path}.new`, JSON.stringify(checkpoint));
    renameSync(`${path}.new`, path);
    this.#bytesSinceCheckpoint = 0;
  }
}

function readCheckpoint(path: string): Checkpoint {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Checkpoint;
  } catch {
    // Absent in a new folder; unreadable only after a power cut. Both mean that the log is read from its start.
    return { offset: 0, startOffset: 0, producers: [], aborted: [] };
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
