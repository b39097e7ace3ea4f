/** Rows in, a Parquet file out. */
import type { Column } from '../contract/column.ts';
import type { ValueLimits } from '../contract/value-limits.ts';
import { bloomFilter } from './bloom-filter.ts';
import { type ChunkFormat, type ColumnChunk, writeColumnChunk } from './column-chunk.ts';
import { type ColumnNode, columnTree, type LeafNode, undoRows } from './column-tree.ts';
import { type Compression, pageCodec } from './compression.ts';
import { FileOutput } from './file-output.ts';
import { fileFooter, type RowGroup, type StoredChunk } from './footer.ts';
import { allowsGeneratedCode } from './generated-source.ts';
import { Levels } from './levels.ts';
import { writePageIndex } from './page-index.ts';
import type { Rejection } from './rejection.ts';
import { type KeyedColumn, type RowAppender, rowAppender } from './row-appender.ts';

export interface ParquetWriterOptions {
  /** @default 'zstd' */
  readonly compression?: Compression;
  /** Of zstd, 1 to 22. On rows of short values 2 is as small as 3, and faster. @default 2 */
  readonly level?: number;
  /**
   * A row group ends when its rows take this many bytes in memory; asked for again and again where it is a function, by
   * writers that share their memory. @default 64 MiB
   */
  readonly rowGroupBytes?: number | (() => number);
  /** Bytes of a data page before compression. @default 1 MiB */
  readonly pageBytes?: number;
  /** @default 20,000, as other writers have it */
  readonly pageRows?: number;
  /**
   * Whether integers and long text may be delta-encoded, which makes offsets and times almost free. Off, because
   * Snowflake and others are reported not to read all encodings of "version 2" writers. @default false
   */
  readonly deltaEncodings?: boolean;
  /** Whether code is made for the columns, from text. @default where the platform allows it */
  readonly generatesCode?: boolean;
  /** Top-level columns, such as the event's key, for whose values each row group gets a Bloom filter. @default none */
  readonly bloomColumns?: readonly string[];
  /** What a warehouse does not hold is refused. @default what the columns' types allow */
  readonly limits?: ValueLimits;
}

/** Row groups are looked at once in so many rows, so one can exceed its limit by that many. */
const SETTLE_ROWS = 16;
/** Heaps are addressed with 31 bits. */
const ROW_GROUP_BYTES_MAX = 2 ** 30;

/**
 * Encodes rows straight into typed column stores; only the rows of the current row group are in memory, and encoded
 * row groups until they are taken. Deterministic: the same rows and options give the same bytes.
 * After `finish` the writer is empty and may write the next file of the same columns with warm code and memory.
 */
export class ParquetWriter {
  /** The columns as nodes, for readers that append to them without objects in between (see `appendValues`). */
  readonly columns: readonly ColumnNode[];
  readonly #generatesCode: boolean;
  #appendRow: RowAppender | undefined;
  /** By how many of the columns they append. */
  readonly #appendValues: RowAppender[] = [];
  readonly #leaves: readonly LeafNode[];
  readonly #format: ChunkFormat;
  readonly #bloomLeaves: ReadonlySet<LeafNode>;
  readonly #rowGroupBytes: () => number;
  /** Counts the rows of the current row group. */
  readonly #rows = new Levels(0, 0);
  readonly #levels: ReadonlySet<Levels>;
  #rowGroups: RowGroup[] = [];
  #output = new FileOutput();

  /** @throws RangeError for columns that Parquet cannot express, or a limit out of range */
  constructor(columns: readonly Column[], options: ParquetWriterOptions = {}) {
    const { compression = 'zstd', level = 2, rowGroupBytes = 64 * 2 ** 20 } = options;
    const { pageBytes = 2 ** 20, pageRows = 20_000, deltaEncodings = false, bloomColumns = [] } = options;
    this.#rowGroupBytes = typeof rowGroupBytes === 'function' ? rowGroupBytes : () => rowGroupBytes;
    const groupBytes = this.#rowGroupBytes();
    if (!(groupBytes > 0 && groupBytes <= ROW_GROUP_BYTES_MAX)) {
      throw new RangeError(`Cannot write row groups of "${groupBytes}" bytes: 1 to ${ROW_GROUP_BYTES_MAX} are allowed`);
    }
    this.columns = columnTree(columns, this.#rows, options.limits);
    this.#generatesCode = options.generatesCode ?? allowsGeneratedCode();
    this.#leaves = this.columns.flatMap((node) => node.leaves);
    this.#levels = new Set(this.#leaves.map((leaf) => leaf.levels));
    this.#format = { codec: pageCodec(compression, level), pageBytes, pageRows, delta: deltaEncodings };
    this.#bloomLeaves = new Set(bloomColumns.map((name) => this.#leafNamed(name)));
  }

  /** Rows of the current file so far. */
  get rowCount(): number {
    return this.#rowGroups.reduce((rows, group) => rows + group.rows, this.#rows.count);
  }

  /**
   * Appends a row given as an object, one property a column.
   *
   * @returns why the row was refused, or undefined; a refused row leaves no trace
   */
  appendRow(row: Readonly<Record<string, unknown>>): Rejection | undefined {
    this.#appendRow ??= this.#appender(this.columns.map((node) => ({ node, key: node.column.name })));
    const rejection = this.#appendRow(row);
    if (rejection) return this.#undoRow(rejection);
    this.#endRow();
    return undefined;
  }

  /**
   * Appends a row given as the values of its first columns; `appendRest` appends one row to each of the others.
   *
   * @returns why the row was refused, or undefined; a refused row leaves no trace
   */
  appendValues(values: readonly unknown[], appendRest?: () => Rejection | undefined): Rejection | undefined {
    const { length } = values;
    this.#appendValues[length] ??= this.#appender(this.columns.slice(0, length).map((node, key) => ({ node, key })));
    const rejection = this.#appendValues[length]?.(values) ?? appendRest?.();
    if (rejection) return this.#undoRow(rejection);
    this.#endRow();
    return undefined;
  }

  /** Takes the bytes that are ready, in order: an uploader may send them before the file ends. */
  takeOutput(): Uint8Array[] {
    return this.#output.take();
  }

  /** Ends the file. @returns its bytes, less those already taken */
  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    this.#endRowGroup();
    const rowGroups = this.#rowGroups.map(({ rows, chunks }) => ({
      rows,
      chunks: chunks.map((chunk) => this.#index(chunk)),
    }));
    this.#output.write(fileFooter(this.columns, rowGroups, metadata));
    const parts = this.#output.take();
    this.#rowGroups = [];
    this.#output = new FileOutput();
    return joined(parts);
  }

  #appender(columns: readonly KeyedColumn[]): RowAppender {
    return rowAppender(columns, this.#rows, this.#generatesCode);
  }

  #undoRow(rejection: Rejection): Rejection {
    undoRows(this.#leaves, this.#rows.count);
    return rejection;
  }

  #endRow(): void {
    this.#rows.present(0);
    if (this.#rows.count % SETTLE_ROWS !== 0) return;
    let bytes = 0;
    for (const { values } of this.#leaves) {
      values.settle();
      bytes += values.byteLength();
    }
    for (const levels of this.#levels) bytes += levels.byteLength();
    if (bytes >= this.#rowGroupBytes()) this.#endRowGroup();
  }

  #endRowGroup(): void {
    const rows = this.#rows.count;
    if (rows === 0) return;
    for (const leaf of this.#leaves) {
      this.#checkRows(leaf);
      leaf.values.settle();
    }
    const chunks = this.#leaves.map((leaf) => writeColumnChunk(leaf, this.#format, this.#output));
    this.#rowGroups.push({ rows, chunks: chunks.map((chunk) => this.#withBloomFilter(chunk)) });
    for (const { values } of this.#leaves) values.clear();
    for (const levels of this.#levels) levels.clear();
    this.#rows.clear();
  }

  #withBloomFilter(chunk: ColumnChunk): StoredChunk {
    if (!this.#bloomLeaves.has(chunk.leaf)) return chunk;
    const bytes = bloomFilter(chunk.leaf.values);
    const { offset } = this.#output;
    this.#output.write(bytes);
    return { ...chunk, bloomFilter: { offset, length: bytes.length } };
  }

  #index(chunk: StoredChunk): StoredChunk {
    const pageIndex = writePageIndex(chunk, this.#output);
    return pageIndex ? { ...chunk, pageIndex } : chunk;
  }

  #leafNamed(name: string): LeafNode {
    const node = this.columns.find(({ column }) => column.name === name);
    // Both zeros of a float are equal and have other bytes: a reader that asks for one would miss rows with the other.
    const isFloat = node?.column.type.kind === 'float' || node?.column.type.kind === 'double';
    if (node?.kind === 'leaf' && !isFloat) return node;
    throw new RangeError(
      `Cannot make a Bloom filter of "${name}": it must be a column without fields or elements, and no float`,
    );
  }

  /** A reader that skips a column would shift all later rows: better no file than that one. */
  #checkRows({ levels, values, path }: LeafNode): void {
    const rows = this.#rows.count;
    if (levels.rows === rows && levels.valueCount === values.count) return;
    throw new Error(
      `Cannot write column "${path.join('.')}": it has ${values.count} values in ${levels.rows} rows, and the row group needs ${levels.valueCount} in ${rows}`,
    );
  }
}

/** A plain array and not a `Buffer`, whose `slice` would share memory. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
