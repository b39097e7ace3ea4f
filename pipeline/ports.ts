/** The ports: what the stages need from the outside world. Adapters in `adapters/` are the only code that has clients. */
import type { Column } from './contract/column.ts';
import type { CompiledContract } from './contract/compiled-contract.ts';
import type { Commit } from './sink/commit.ts';

/** An object of a bucket. */
export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** A bucket. Keys are UTF-8; `list` returns them in ascending byte order. */
export interface ObjectStore {
  /** @throws ObjectNotFoundError when there is no such key. */
  get(key: string): Promise<Uint8Array>;
  /** Overwrites. Used only for objects whose name is derived from their content. */
  put(key: string, body: Uint8Array): Promise<void>;
  /** Creates the object, or says that the key is taken: the one atomic step of the commit log (`If-None-Match: *`). */
  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'>;
  /**
   * Writes the parts one after the other as one object, which appears when the last is stored; memory: two parts of a
   * multipart upload. Overwrites, and is used only for objects whose name is derived from their content.
   */
  putParts(key: string, parts: AsyncIterable<Uint8Array>): Promise<void>;
  /** At most `keysMax` objects, which is at most 1,000, as for S3. */
  list(options: {
    readonly prefix: string;
    readonly startAfter?: string;
    readonly keysMax: number;
  }): Promise<ObjectInfo[]>;
  /** Repeating it, and deleting what is not there, changes nothing. */
  delete(key: string): Promise<void>;
}

/** A record to be written to Kafka; the partition is chosen by the caller. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
  /** Milliseconds since the epoch. Never absent: Kafka's time index depends on it. */
  readonly timestamp: number;
}

/** Where a record was stored, or why it was not. */
export type ProduceResult = { readonly offset: number } | { readonly error: Error };

export interface EventProducer {
  /**
   * Writes the records and waits for all in-sync replicas. Results are in the order of the records; records of one
   * partition keep their order. Retries inside are idempotent, so a record with an offset is stored once; one with an
   * error may have been stored. A partition that fails does not touch the others. Never throws, and takes bounded
   * time: when no broker answers, every result is an error. One call at a time.
   */
  produce(records: readonly OutgoingRecord[]): Promise<ProduceResult[]>;
}

/** Whether a record will be written to Kafka, or why that is not known. */
export type QueueResult = { readonly queued: true } | { readonly error: Error };

export interface RecordQueue {
  /**
   * Keeps the records durably until they are in Kafka, at least once and in any order. Results are in the order of the
   * records; a record has at most `QUEUED_RECORD_BYTES_MAX`. Never throws: what could not be kept is an error.
   */
  put(records: readonly OutgoingRecord[]): Promise<QueueResult[]>;
}

/** An event as the proxy needs it: its contract and the registry's ids of its schema versions, in their order. */
export interface CatalogEntry {
  readonly contract: CompiledContract;
  readonly schemaVersionIds: readonly string[];
}

export interface Catalog {
  /** Undefined when no such event is deployed. */
  find(event: string): Promise<CatalogEntry | undefined>;
}

/** A record as read from Kafka. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: ReadonlyArray<readonly [name: string, value: Uint8Array]>;
}

/** The offsets that a partition of a topic holds. */
export interface PartitionOffsets {
  readonly partition: number;
  /** The first offset that retention has left. */
  readonly low: number;
  /** One past the last offset that a reader of committed transactions may see. */
  readonly high: number;
}

/** Offsets of one Kafka partition: from `first` to before `next`. */
export interface OffsetRange {
  readonly partition: number;
  readonly first: number;
  readonly next: number;
}

export interface TopicReader {
  /** Of every partition of the topic, ascending by partition. */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /**
   * One past the last offset that was written to the partition. Where that is beyond `high`, a transaction is open, and
   * what lies behind its first record can be read by nobody yet, of whatever producer it is.
   */
  end(topic: string, partition: number): Promise<number>;
  /**
   * The records of the range in batches, offsets ascending; ends when the range ends. Aborted records and transaction
   * markers are left out, and so is what retention has deleted, which is missing before a batch, never within. Memory: a few fetches of a few MB, whatever the range;
   * the next fetch may be under way while the caller works. Leaving the loop ends the fetches.
   * @throws PipelineError `UNAVAILABLE` when no broker answers for 30 seconds.
   */
  read(topic: string, range: OffsetRange): AsyncIterable<readonly KafkaRecord[]>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** A warehouse table, and under which name the ledger knows its loads. */
export interface WarehouseTable {
  /** The event; a shadow table that is being built has another name here. With `table` it names the ledger's entries. */
  readonly event: string;
  readonly table: string;
  /** The newest schema version: what `columns` hold, and what a commit may be projected on at most. */
  readonly schemaVersion: number;
  readonly columns: readonly Column[];
}

/** A commit and the data files it names, on the way into a warehouse. */
export interface PendingLoad {
  readonly commitKey: string;
  readonly commit: Commit;
}

export interface LoadOutcome {
  /** Commits that this call loaded, or found finished after an earlier call had submitted them. */
  readonly loaded: number;
  /** Commits that the ledger held already. */
  readonly skipped: number;
  /** Rows of the loaded commits. */
  readonly rows: number;
  /** Keys of commits whose statement was submitted and still runs. Calling `load` with them again tells how it ended. */
  readonly running: readonly string[];
}

/** A loaded commit, as the warehouse remembers it. */
export interface LedgerEntry {
  readonly commitKey: string;
  readonly partition: number;
  readonly start: number;
  readonly next: number;
  readonly rows: number;
}

/** What `placed` of a measure multiplies checksums with is the offset modulo this: the product has 64 bits. */
export const PLACE_MODULUS = 2 ** 32;

/** What a table holds of a range of offsets. */
export interface RangeMeasure {
  readonly rows: number;
  /** Different offsets among the rows: less than `rows` where there are duplicates. */
  readonly offsets: number;
  /** The sum of `_checksum`. */
  readonly checksum: bigint;
  /**
   * The sum of `_checksum` times `_offset` modulo `PLACE_MODULUS`: another one when two rows have changed places, or when their
   * checksums have changed by as much as makes no difference to the other sum.
   */
  readonly placed: bigint;
}

/** Rows of a partition that lie in none of some ranges. */
export interface OutsideRows {
  /** Null when the rows have none. */
  readonly partition: number | null;
  readonly rows: number;
  /** The least and the greatest offset of the rows; null when none has any. */
  readonly first: number | null;
  readonly last: number | null;
}

export interface Warehouse {
  /**
   * By what a load knows that it was done: the ledger, which is written in one transaction with the rows, so that rows
   * without an entry are never there unless somebody made it so; or each row's partition and offset.
   */
  readonly loadsOnceBy: 'ledger' | 'offsets';
  /**
   * Loads the files of the commits and records each commit's key in the ledger, all in one transaction; a commit that
   * the ledger holds is skipped. Adds missing columns first. Exactly once: calling it again changes nothing. Never
   * waits long for a statement: what still runs is `running`.
   * @throws PipelineError `UNAVAILABLE` when the warehouse cannot be reached at the moment; any other error is about
   * the loads.
   */
  load(table: WarehouseTable, loads: readonly PendingLoad[]): Promise<LoadOutcome>;
  /**
   * The commits that were loaded into the table, by partition and start; empty when there is no table yet.
   * @param ranges only commits that start in them. @default all
   */
  ledger(table: WarehouseTable, ranges?: readonly OffsetRange[]): Promise<readonly LedgerEntry[]>;
  /**
   * What the ledger's entries leave uncovered of the ranges, by partition and offset; the ranges themselves when there is
   * no ledger yet. As long as there are holes, however many entries there are.
   * @param ranges one for a partition, each of which begins where a commit does.
   */
  holes(table: WarehouseTable, ranges: readonly OffsetRange[]): Promise<readonly OffsetRange[]>;
  /** What the table holds of each range, in their order; zeros when there is no table. The ranges do not overlap. */
  measure(table: WarehouseTable, ranges: readonly OffsetRange[]): Promise<readonly RangeMeasure[]>;
  /** The rows that lie in none of the ranges, by partition: also those without a partition or an offset. */
  outside(table: WarehouseTable, ranges: readonly OffsetRange[]): Promise<readonly OutsideRows[]>;
  /** The offsets of the range that have rows, ascending, each as often as it has rows. At most a commit's worth. */
  offsetsOf(table: WarehouseTable, range: OffsetRange): Promise<readonly number[]>;
  /**
   * Puts the rows and the ledger entries of `shadow` in the place of the table's, in one transaction, and drops the
   * shadow: all of them, or only those of the ranges, which begin and end where commits do.
   * @returns keys of the table's ledger (of the ranges) that the shadow does not have, in which case nothing changed.
   */
  replace(
    table: WarehouseTable,
    shadow: WarehouseTable,
    ranges: readonly OffsetRange[] | 'all',
  ): Promise<readonly string[]>;
  /** The columns of the table that `columns` does not name, as the warehouse spells them: somebody else has added them. */
  foreignColumns(table: WarehouseTable): Promise<readonly string[]>;
  /** Drops the table and its ledger entries, if there are any. For shadows. */
  drop(table: WarehouseTable): Promise<void>;
  /** Ends connections. */
  close(): Promise<void>;
}

/** A message of the load queue. */
export interface LoadMessage {
  readonly id: string;
  /** An S3 event notification. */
  readonly body: string;
  /** How often it was sent again because a statement of its commits still ran. */
  readonly postponed: number;
}

export interface LoadQueue {
  /**
   * Sends the message again, to come after the delay with `postponed` one higher; then the original may be
   * acknowledged, so that waiting does not use up its tries.
   */
  postpone(message: LoadMessage, delaySeconds: number): Promise<void>;
}
