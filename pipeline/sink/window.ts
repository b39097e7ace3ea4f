/** A window: consecutive records of one Kafka partition on the way to becoming one commit. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { DATA_PREFIX, REJECTED_PREFIX } from '../contract/names.ts';
import { newestVersion } from '../contract/table-columns.ts';
import { BrokenInvariantError } from '../errors.ts';
import type { KafkaRecord, ObjectStore } from '../ports.ts';
import { TRACED_MAX, tracedOffset } from '../trace.ts';
import { COMMIT_FORMAT, type Commit, type OffsetGap } from './commit.ts';
import { contentKey } from './content-key.ts';
import { DeadLetterLines } from './dead-letter.ts';
import { isoTime } from './iso-time.ts';
import { valueChecksum } from './record-reader.ts';
import type { EncodedFile, RowEncoder } from './row-encoder.ts';

export interface WindowPorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  /** Used by one window at a time. */
  readonly rows: RowEncoder;
}

/** Where a window is in its partition's chain. */
export interface WindowPlace {
  readonly partition: number;
  /** The commit that it follows; undefined where the chain begins. */
  readonly after: Commit | undefined;
  /** As far as it is known: offsets before it are gone. @default 0 */
  readonly lowWatermark?: number;
}

/** What a record takes beside its own bytes: system columns, and objects while it is read. Tombstones are not free. */
const RECORD_BYTES = 100;
/** Base64 and JSON make a dead letter larger than its record, and who lists letters reads an object of them at once. */
const LETTER_BYTES_MAX = 16_000_000;
/** Where each transaction has one record there is a gap behind each, and who reads a head reads all of them: 0.5 MB. */
const GAPS_MAX = 10_000;

/** A window is a record at a time; memory: the encoded rows and letters, and the fetches of its first and last record. */
export class Window {
  readonly #ports: WindowPorts;
  readonly #place: WindowPlace;
  #next: number;
  #lowWatermark: number;
  readonly #letters: DeadLetterLines;
  readonly #gaps: OffsetGap[] = [];
  readonly #traced: string[] = [];
  readonly #timestamps = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  #first: KafkaRecord | undefined;
  #last: KafkaRecord | undefined;
  /** When a gap at the end was known to be one. */
  #skippedAt = 0;
  #records = 0;
  #inputBytes = 0;

  constructor(ports: WindowPorts, place: WindowPlace) {
    this.#ports = ports;
    this.#place = place;
    this.#next = place.after?.next ?? 0;
    this.#lowWatermark = place.lowWatermark ?? 0;
    this.#letters = new DeadLetterLines(newestVersion(ports.contract).version);
    ports.rows.reset();
  }

  /** The offset that follows on: a record beyond it makes a gap. */
  get next(): number {
    return this.#next;
  }

  /** Whether there is nothing to commit. */
  get isEmpty(): boolean {
    return this.#next === this.#start;
  }

  /**
   * Whether it has to be committed before the next record, so that memory is bounded whatever the records are.
   * @param inputBytesMax of keys, values and headers, with 100 bytes more for each record
   */
  isFull(inputBytesMax: number): boolean {
    return (
      this.#inputBytes >= inputBytesMax || this.#letters.byteLength >= LETTER_BYTES_MAX || this.#gaps.length >= GAPS_MAX
    );
  }

  /** The partition's low watermark has moved. */
  set lowWatermark(offset: number) {
    this.#lowWatermark = offset;
  }

  /**
   * Notes that what follows on has been read up to the offset, and no record was there.
   * @param at the moment, in milliseconds since the epoch.
   */
  skipTo(offset: number, at: number): void {
    if (offset > this.#next) {
      this.#noteGap(offset);
      this.#next = offset;
      this.#skippedAt = at;
    }
  }

  /** @throws BrokenInvariantError for a record that does not follow on, or is of another partition. */
  add(record: KafkaRecord): void {
    if (record.offset < this.#next || record.partition !== this.#place.partition) {
      throw outOfOrder(record);
    }
    this.#noteGap(record.offset);
    const refusal = this.#ports.rows.add(record);
    if (refusal) {
      this.#letters.add({ record, ...refusal });
    }
    this.#next = record.offset + 1;
    this.#timestamps.min = Math.min(this.#timestamps.min, record.timestamp);
    this.#timestamps.max = Math.max(this.#timestamps.max, record.timestamp);
    this.#inputBytes += inputBytes(record);
    this.#records += 1;
    this.#noteTrace(record);
    this.#first ??= record;
    this.#last = record;
  }

  /**
   * Writes the objects that the commit names. Their names are derived from their content, so that repeating it is
   * harmless. The window is over then.
   */
  async write(): Promise<Commit> {
    const { contract, rows } = this.#ports;
    if (this.isEmpty) {
      throw new BrokenInvariantError('Cannot write a window: it has no offsets');
    }
    const schemaVersion = newestVersion(contract).version;
    const topic = contract.topic.name;
    const { partition, after } = this.#place;
    const ends =
      this.#first && this.#last
        ? { ...endsOf(this.#first, this.#last), timestamps: this.#timestamps }
        : { ...endsOfNothing(after), timestamps: { min: this.#skippedAt, max: this.#skippedAt } };
    const place = { 'headrace.topic': topic, 'headrace.partition': String(partition) };
    const files = rows.finish({ ...place, 'headrace.offsets': `${ends.first}-${ends.last}` });
    const stem = `${partition}-${ends.first}-${ends.last}`;
    const letters = this.#letters;
    const rowCount = sum(files.map((file) => file.rows));
    if (rowCount + letters.summary.count !== this.#records) {
      const counts = `${rowCount} rows and ${letters.summary.count} dead letters of ${this.#records} records`;
      throw new BrokenInvariantError(`Cannot write a window: it has ${counts}, each record is one of both`);
    }
    const [rejectedKey, ...fileKeys] = await Promise.all([
      letters.byteLength > 0 ? this.#put(`${REJECTED_PREFIX}${stem}`, 'jsonl', letters.bytes) : undefined,
      ...files.map(({ folder, bytes }) => this.#put(`${DATA_PREFIX}${folder}${stem}`, 'parquet', bytes)),
    ]);
    return {
      format: COMMIT_FORMAT,
      event: contract.event,
      topic,
      partition,
      start: this.#start,
      ...ends,
      next: this.#next,
      rows: rowCount,
      checksum: sum(files.map((file) => file.checksum)),
      files: files.map(({ rows: count, bytes }, index) => ({
        key: fileKeys[index] ?? '',
        rows: count,
        bytes: bytes.length,
      })),
      rejected: rejectedKey === undefined ? null : { key: rejectedKey, ...letters.summary },
      gaps: this.#gaps,
      schemaVersion,
      eventTime: eventTime(files),
      ...(this.#traced.length > 0 && { traced: this.#traced }),
    };
  }

  async #put(stem: string, extension: string, body: Uint8Array): Promise<string> {
    const key = contentKey(stem, extension, body);
    await this.#ports.lake.put(key, body);
    return key;
  }

  get #start(): number {
    return this.#place.after?.next ?? 0;
  }

  #noteTrace(record: KafkaRecord): void {
    const traced = this.#traced.length < TRACED_MAX ? tracedOffset(record) : undefined;
    if (traced !== undefined) {
      this.#traced.push(traced);
    }
  }

  #noteGap(offset: number): void {
    const expected = this.#next;
    const retained = Math.min(offset, Math.max(expected, this.#lowWatermark));
    if (retained > expected) {
      this.#gaps.push({ first: expected, next: retained, cause: 'retention' });
    }
    if (offset > retained) {
      this.#gaps.push({ first: retained, next: offset, cause: 'unknown' });
    }
  }
}

type Ends = Pick<Commit, 'first' | 'last' | 'ends'>;

const endsOf = (first: KafkaRecord, last: KafkaRecord): Ends => ({
  first: first.offset,
  last: last.offset,
  ends: { first: valueChecksum(first), last: valueChecksum(last) },
});

/** Of gaps alone: the last record before them stays the one by which the topic is known. */
function endsOfNothing(after: Commit | undefined): Ends {
  const { last = -1, ends = { last: 0 } } = after ?? {};
  return { first: last, last, ends: { first: ends.last, last: ends.last } };
}

export function outOfOrder({ partition, offset }: KafkaRecord): BrokenInvariantError {
  const reason = `offset ${offset} of partition ${partition} is out of order`;
  return new BrokenInvariantError(`Cannot sink a batch: ${reason}, a batch is one partition with ascending offsets`);
}

function inputBytes({ key, value, headers }: KafkaRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers) {
    bytes += name.length + text.length;
  }
  return bytes;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function eventTime(files: readonly EncodedFile[]): Commit['eventTime'] {
  if (files.length === 0) {
    return null;
  }
  const times = files.flatMap(({ timeMicros: { min, max } }) => [min, max]);
  const least = times.reduce((least, time) => (time < least ? time : least));
  const greatest = times.reduce((greatest, time) => (time > greatest ? time : greatest));
  return { min: isoTime(least), max: isoTime(greatest) };
}
