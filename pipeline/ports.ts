/** The ports: what the stages need from the outside world. Adapters in `adapters/` are the only code that has clients. */
import type { Column } from './contract/column.ts';
import type { CompiledContract } from './contract/compiled-contract.ts';
import type { Commit } from './sink/commit.ts';

/** A bucket. Keys are UTF-8; `list` returns them in ascending byte order. */
export interface ObjectStore {
  /** @throws ObjectNotFoundError when there is no such key. */
  get(key: string): Promise<Uint8Array>;
  /** Overwrites. Used only for objects whose name is derived from their content. */
  put(key: string, body: Uint8Array): Promise<void>;
  /** Creates the object, or says that the key is taken: the one atomic step of the commit log (`If-None-Match: *`). */
  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'>;
  /** At most `keysMax` keys, which is at most 1,000, as for S3. */
  list(options: { readonly prefix: string; readonly startAfter?: string; readonly keysMax: number }): Promise<string[]>;
}

/** A record to be written to Kafka; the partition is chosen by the caller. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
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

/** A warehouse table and the lake it is fed from. */
export interface WarehouseTable {
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

export interface Warehouse {
  /**
   * Loads the files of the commits and records each commit's key in the ledger, all in one transaction; a commit that
   * the ledger holds is skipped. Adds missing columns first. Exactly once: calling it again changes nothing.
   * @throws PipelineError `UNAVAILABLE` when the warehouse cannot be reached at the moment; any other error is about
   * the loads.
   */
  load(
    table: WarehouseTable,
    loads: readonly PendingLoad[],
  ): Promise<{ loaded: number; skipped: number; rows: number }>;
}
