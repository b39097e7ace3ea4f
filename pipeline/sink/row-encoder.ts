/** Kafka records become rows of Parquet files, or dead letters. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { keyColumns, newestVersion, SYSTEM_COLUMNS, tableColumns } from '../contract/table-columns.ts';
import { valueLimits } from '../contract/value-limits.ts';
import { ParquetWriter } from '../parquet/parquet-writer.ts';
import type { Rejection } from '../parquet/rejection.ts';
import { compilePayloadReader, type PayloadReader } from '../payload/payload-reader.ts';
import type { KafkaRecord } from '../ports.ts';
import { lakeFolder, OVERFLOW_FOLDER } from './lake-folder.ts';
import { type ReadRecord, type Refusal, recordReader, valueChecksum } from './record-reader.ts';

export interface RowEncoder {
  /** Appends the record's row to the file of its folder, or says why it cannot be a row; then no file has changed. */
  add(record: KafkaRecord): Refusal | undefined;
  /**
   * The files of the rows since the last call, by folder; the encoder is empty again.
   * @param metadata goes into each file's footer, beside the event and the schema version.
   */
  finish(metadata: Readonly<Record<string, string>>): EncodedFile[];
  /** Forgets the rows since the last `finish`: for a window that is given up. */
  reset(): void;
}

export interface EncodedFile {
  /** Below `data/`, with a slash at the end; empty in a lake without partition columns. */
  readonly folder: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The sum of `_checksum`. */
  readonly checksum: number;
  /** Smallest and largest `_time`, in microseconds since the epoch. */
  readonly timeMicros: { readonly min: number | bigint; readonly max: number | bigint };
}

/** A row group in memory, and all of those that are open at a time, one for each folder: many folders have small ones. */
const ROW_GROUP_BYTES = 32 * 2 ** 20;
const OPEN_BYTES_MAX = 2 * ROW_GROUP_BYTES;
/** Of a row's system columns, about. */
const ROW_BYTES = 100;
/** What writers that wait for the next window hold together, if there is more than one. */
const IDLE_BYTES_MAX = ROW_GROUP_BYTES;

/**
 * Rows of all schema versions go into one file, projected on the newest one, in the order of the records. The same
 * records give the same bytes. Memory: the encoded row groups, and nothing for each record.
 * @param schemaVersionIds the registry's ids of the contract's versions, oldest first.
 * @throws Error when there is not one id for each version.
 */
export function rowEncoder(contract: CompiledContract, schemaVersionIds: readonly string[]): RowEncoder {
  const readRecord = recordReader(contract, schemaVersionIds);
  const folderOf = lakeFolder(contract);
  const files = new OpenFiles(contract);

  function add(record: KafkaRecord): Refusal | undefined {
    const read = readRecord(record);
    if ('code' in read) {
      return read;
    }
    const folder = folderOf(read);
    if (typeof folder !== 'string') {
      return refuse(folder);
    }
    const rejection = files.append(folder, record, read);
    return rejection && refuse(rejection);
  }
  return { add, finish: (metadata) => files.finish(metadata), reset: () => files.reset() };
}

function refuse({ path, reason }: Rejection): Refusal {
  const isSystemColumn = SYSTEM_COLUMNS.some(({ name }) => name === path);
  const code = isSystemColumn ? 'INVALID_ATTRIBUTE' : 'INVALID_PAYLOAD';
  return { code, reason: path === '' ? reason : `${path}: ${reason}` };
}

/**
 * The files of a window, at most `openPartitionsMax` and the overflow. Writers are kept warm from window to window: their
 * code is compiled, and their memory has the size that it needs.
 */
class OpenFiles {
  readonly #contract: CompiledContract;
  readonly #open = new Map<string, FileEncoder>();
  #idle: FileEncoder[] = [];

  constructor(contract: CompiledContract) {
    this.#contract = contract;
  }

  append(folder: string, record: KafkaRecord, read: ReadRecord): Rejection | undefined {
    const [name, file] = this.#fileOf(folder);
    const rejection = file.append(record, read);
    // A row that is refused must not take up a folder that rows could have.
    if (!rejection) {
      this.#open.set(name, file);
    } else if (!this.#open.has(name)) {
      this.#idle.push(file);
    }
    return rejection;
  }

  #fileOf(folder: string): readonly [name: string, file: FileEncoder] {
    const known = this.#open.get(folder);
    if (known) {
      return [folder, known];
    }
    const folders = this.#open.size - (this.#open.has(OVERFLOW_FOLDER) ? 1 : 0);
    if (folder !== OVERFLOW_FOLDER && folders >= this.#contract.lake.openPartitionsMax) {
      return this.#fileOf(OVERFLOW_FOLDER);
    }
    return [folder, this.#idle.pop() ?? new FileEncoder(this.#contract, () => this.#rowGroupBytes())];
  }

  #rowGroupBytes(): number {
    return Math.min(ROW_GROUP_BYTES, OPEN_BYTES_MAX / Math.max(1, this.#open.size));
  }

  finish(metadata: Readonly<Record<string, string>>): EncodedFile[] {
    const open = [...this.#open];
    this.#open.clear();
    const encoded = open.map(([folder, file]) => ({ folder, ...file.finish(metadata) })).filter(({ rows }) => rows > 0);
    this.#keep(open.map(([, file]) => file));
    return encoded;
  }

  /** Open writers may hold rows, or parts of them, that must not come again in the next file; idle ones are empty. */
  reset(): void {
    this.#open.clear();
  }

  /** The smallest first: what a commit with many rows in each of many folders leaves behind is not worth its memory. */
  #keep(files: readonly FileEncoder[]): void {
    const idle = [...this.#idle, ...files].sort((a, b) => a.heldBytes - b.heldBytes);
    let bytes = 0;
    this.#idle = idle.filter(({ heldBytes }, index) => {
      bytes += heldBytes;
      return index === 0 || bytes <= IDLE_BYTES_MAX;
    });
  }
}

/** One file after the other, with one writer and its readers. */
class FileEncoder {
  readonly #writer: ParquetWriter;
  readonly #readers: ReadonlyMap<number, PayloadReader>;
  readonly #metadata: Readonly<Record<string, string>>;
  #bytes = 0;
  #heldBytes = 0;
  #checksum = 0;
  #min: number | bigint = Number.POSITIVE_INFINITY;
  #max: number | bigint = Number.NEGATIVE_INFINITY;

  constructor(contract: CompiledContract, rowGroupBytes: () => number) {
    const columns = tableColumns(contract);
    const limits = valueLimits(contract.warehouse.target);
    const bloomColumns = keyColumns(contract, columns);
    this.#writer = new ParquetWriter(columns, { rowGroupBytes, bloomColumns, ...(limits && { limits }) });
    const payloadColumns = this.#writer.columns.slice(SYSTEM_COLUMNS.length);
    const newest = newestVersion(contract);
    this.#readers = new Map(
      contract.versions.map((each) => [each.version, compilePayloadReader(each, newest, payloadColumns)]),
    );
    this.#metadata = { 'headrace.event': contract.event, 'headrace.schema_version': String(newest.version) };
  }

  /** About the memory that its largest row group took, which it holds for the next one. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  append(record: KafkaRecord, read: ReadRecord): Rejection | undefined {
    const { id, source, timeMicros, customAttributes, schemaVersion, payload } = read;
    const ingestedMicros = record.timestamp * 1000;
    const checksum = valueChecksum(record);
    const place = [record.partition, record.offset, id, source, timeMicros, ingestedMicros, schemaVersion];
    const readPayload = this.#readers.get(schemaVersion);
    const rejection = this.#writer.appendValues([...place, customAttributes, checksum], () => readPayload?.(payload));
    if (!rejection) {
      this.#bytes += payload.length + ROW_BYTES;
      this.#checksum += checksum;
      this.#min = timeMicros < this.#min ? timeMicros : this.#min;
      this.#max = timeMicros > this.#max ? timeMicros : this.#max;
    }
    return rejection;
  }

  finish(metadata: Readonly<Record<string, string>>): Omit<EncodedFile, 'folder'> {
    const rows = this.#writer.rowCount;
    const file = {
      rows,
      bytes: this.#writer.finish({ ...this.#metadata, ...metadata }),
      checksum: this.#checksum,
      timeMicros: { min: this.#min, max: this.#max },
    };
    this.#heldBytes = Math.min(ROW_GROUP_BYTES, Math.max(this.#heldBytes, this.#bytes));
    this.#bytes = 0;
    this.#checksum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    return file;
  }
}
