/** What a partition knows of its idempotent and transactional producers. */

import type { ErrorName } from '../../../pipeline/kafka/error-code.ts';
import type { BatchHeader } from '../../../pipeline/kafka/record-batch.ts';

/** A batch that a producer may send again. */
interface RecentBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

/** One producer in one partition. */
export interface ProducerEntry {
  readonly producerId: number;
  epoch: number;
  lastTimestamp: number;
  /** When its last batch came, by the broker's clock: a batch's own timestamps may be of any age. */
  lastSeen: number;
  /** The offset at which its open transaction began here. */
  transactionStart: number | null;
  /** The newest batches of `epoch`, oldest first. */
  recent: readonly RecentBatch[];
}

/** A transaction that was aborted here, by the offsets of its first record and of its marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** The state as plain data, for a checkpoint. */
export interface ProducerStateData {
  readonly producers: readonly ProducerEntry[];
  readonly aborted: readonly AbortedTransaction[];
}

/** What to do with a batch: append it, answer as for the first time, or refuse it. */
export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number }
  | { readonly kind: 'refuse'; readonly error: ErrorName };

/** Kafka keeps five batches: the most that an idempotent producer may have in flight. */
const recentBatchesMax = 5;
const sequenceRange = 0x8000_0000;

/**
 * The producers of one partition. Memory: one entry a producer; `expire` bounds it.
 * Kafka's rules: ProducerStateManager and ProducerAppendInfo in apache/kafka.
 */
export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>();
  #aborted: AbortedTransaction[];

  constructor(data: ProducerStateData = { producers: [], aborted: [] }) {
    for (const entry of data.producers) this.#producers.set(entry.producerId, entry);
    this.#aborted = [...data.aborted];
  }

  get producers(): Iterable<ProducerEntry> {
    return this.#producers.values();
  }

  /** Judges a data batch of a producer before it is appended. */
  judge(header: BatchHeader): SequenceVerdict {
    const entry = this.#producers.get(header.producerId);
    if (entry === undefined) return { kind: 'append' };
    if (header.producerEpoch < entry.epoch) return { kind: 'refuse', error: 'invalidProducerEpoch' };
    const isNewEpoch = header.producerEpoch > entry.epoch;
    const last = isNewEpoch ? undefined : entry.recent.at(-1);
    if (last === undefined) {
      const inOrder = header.baseSequence === 0 || (!isNewEpoch && entry.recent.length === 0);
      return inOrder ? { kind: 'append' } : { kind: 'refuse', error: 'outOfOrderSequenceNumber' };
    }
    const known = entry.recent.find(
      (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequenceOf(header),
    );
    if (known !== undefined) return { kind: 'duplicate', baseOffset: known.baseOffset };
    if (header.baseSequence === (last.lastSequence + 1) % sequenceRange) return { kind: 'append' };
    return { kind: 'refuse', error: 'outOfOrderSequenceNumber' };
  }

  /** Takes note of a batch appended at `now`; `commits` is given for a marker. */
  appended(header: BatchHeader, now: number, commits?: boolean): void {
    if (header.producerId < 0) return;
    const entry = this.#entryFor(header);
    entry.lastTimestamp = header.maxTimestamp;
    entry.lastSeen = now;
    if (header.control) {
      if (entry.transactionStart !== null && commits === false) {
        const { producerId, transactionStart: firstOffset } = entry;
        this.#aborted.push({ producerId, firstOffset, lastOffset: header.baseOffset });
      }
      entry.transactionStart = null;
      return;
    }
    const { baseSequence: firstSequence, baseOffset } = header;
    entry.recent = [...entry.recent, { firstSequence, lastSequence: lastSequenceOf(header), baseOffset }].slice(
      -recentBatchesMax,
    );
    if (header.transactional) entry.transactionStart ??= header.baseOffset;
  }

  /** Whether the producer has a transaction open here. */
  isOpen(producerId: number): boolean {
    return (this.#producers.get(producerId)?.transactionStart ?? null) !== null;
  }

  /** The first offset of any open transaction. */
  firstOpenOffset(): number | undefined {
    let first: number | undefined;
    for (const { transactionStart } of this.#producers.values()) {
      if (transactionStart !== null && (first === undefined || transactionStart < first)) first = transactionStart;
    }
    return first;
  }

  /** The aborted transactions that touch offsets from `from` up to, not including, `to`. */
  abortedIn(from: number, to: number): readonly AbortedTransaction[] {
    return this.#aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to);
  }

  /** Forgets producers that have been quiet since `quietSince` and aborts that end before `logStart`. */
  expire(quietSince: number, logStart: number): void {
    for (const [producerId, { lastSeen, transactionStart }] of this.#producers) {
      if (transactionStart === null && lastSeen < quietSince) this.#producers.delete(producerId);
    }
    this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= logStart);
  }

  toData(): ProducerStateData {
    return { producers: [...this.#producers.values()], aborted: this.#aborted };
  }

  #entryFor({ producerId, producerEpoch, maxTimestamp }: BatchHeader): ProducerEntry {
    const known = this.#producers.get(producerId);
    if (known !== undefined) {
      // Sequences start again with an epoch.
      if (producerEpoch > known.epoch) known.recent = [];
      known.epoch = Math.max(known.epoch, producerEpoch);
      return known;
    }
    const created = {
      producerId,
      epoch: producerEpoch,
      lastTimestamp: maxTimestamp,
      lastSeen: Number.NEGATIVE_INFINITY,
      transactionStart: null,
      recent: [],
    };
    this.#producers.set(producerId, created);
    return created;
  }
}

function lastSequenceOf({ baseSequence, lastOffsetDelta }: BatchHeader): number {
  return (baseSequence + lastOffsetDelta) % sequenceRange;
}
