/** Rows in, a Parquet file out. */
import type { Column } from '../contract/column.ts';
import { type PageLimits, writeColumnChunk } from './column-chunk.ts';
import { type ColumnNode, columnTree, type LeafNode, undoRows } from './column-tree.ts';
import { type Compression, type PageCodec, pageCodec } from './compression.ts';
import { FileOutput } from './file-output.ts';
import { fileFooter, type RowGroup } from './footer.ts';
import { type Rejection, rejectAt } from './rejection.ts';
import { type ValueAppender, valueAppender } from './value-appender.ts';

export interface ParquetWriterOptions {
  /** @default 'zstd' */
  readonly compression?: Compression;
  /** Of zstd, 1 to 22. @default 3 */
  readonly level?: number;
  /** A row group ends when its rows take this many bytes in memory. @default 64 MiB */
  readonly rowGroupBytes?: number;
  /** Bytes of a data page before compression. @default 1 MiB */
  readonly pageBytes?: number;
  /** @default 20,000, as other writers have it */
  readonly pageRows?: number;
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
  readonly #names: readonly string[];
  readonly #appenders: readonly ValueAppender[];
  readonly #leaves: readonly LeafNode[];
  readonly #codec: PageCodec;
  readonly #limits: PageLimits;
  readonly #rowGroupBytes: number;
  #rows = 0;
  #rowGroups: RowGroup[] = [];
  #output = new FileOutput();

  /** @throws RangeError for columns that Parquet cannot express, or a limit out of range */
  constructor(columns: readonly Column[], options: ParquetWriterOptions = {}) {
    const { compression = 'zstd', level = 3, rowGroupBytes = 64 * 2 ** 20 } = options;
    const { pageBytes = 2 ** 20, pageRows = 20_000 } = options;
    if (!(rowGroupBytes > 0 && rowGroupBytes <= ROW_GROUP_BYTES_MAX)) {
      throw new RangeError(
        `Cannot write row groups of "${rowGroupBytes}" bytes: 1 to ${ROW_GROUP_BYTES_MAX} are allowed`,
      );
    }
    this.columns = columnTree(columns);
    this.#names = columns.map((column) => column.name);
    this.#appenders = this.columns.map(valueAppender);
    this.#leaves = this.columns.flatMap((node) => node.leaves);
    this.#codec = pageCodec(compression, level);
    this.#limits = { pageBytes, pageRows };
    this.#rowGroupBytes = rowGroupBytes;
  }

  /** Rows of the current file so far. */
  get rowCount(): number {
    return this.#rowGroups.reduce((rows, group) => rows + group.rows, this.#rows);
  }

  /**
   * Appends a row given as an object, one property a column.
   *
   * @returns why the row was refused, or undefined; a refused row leaves no trace
   */
  appendRow(row: Readonly<Record<string, unknown>>): Rejection | undefined {
    for (let i = 0; i < this.#names.length; i++) {
      const rejection = this.#appendValue(i, row[this.#names[i] as string]);
      if (rejection) return this.#undoRow(rejection);
    }
    this.#endRow();
    return undefined;
  }

  /**
   * Appends a row given as the values of its first columns; `appendRest` appends one row to each of the others.
   *
   * @returns why the row was refused, or undefined; a refused row leaves no trace
   */
  appendValues(values: readonly unknown[], appendRest?: () => Rejection | undefined): Rejection | undefined {
    for (let i = 0; i < values.length; i++) {
      const rejection = this.#appendValue(i, values[i]);
      if (rejection) return this.#undoRow(rejection);
    }
    const rejection = appendRest?.();
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
    this.#output.write(fileFooter(this.columns, this.#rowGroups, metadata));
    const parts = this.#output.take();
    this.#rowGroups = [];
    this.#output = new FileOutput();
    return joined(parts);
  }

  #appendValue(index: number, value: unknown): Rejection | undefined {
    const rejection = (this.#appenders[index] as ValueAppender)(value, 0);
    return rejection && rejectAt(this.#names[index] as string, rejection);
  }

  #undoRow(rejection: Rejection): Rejection {
    undoRows(this.#leaves, this.#rows);
    return rejection;
  }

  #endRow(): void {
    this.#rows++;
    if (this.#rows % SETTLE_ROWS !== 0) return;
    let bytes = 0;
    for (const { levels, values } of this.#leaves) {
      values.settle();
      bytes += values.byteLength() + levels.byteLength();
    }
    if (bytes >= this.#rowGroupBytes) this.#endRowGroup();
  }

  #endRowGroup(): void {
    if (this.#rows === 0) return;
    const chunks = this.#leaves.map((leaf) => {
      this.#checkRows(leaf);
      leaf.values.settle();
      const chunk = writeColumnChunk(leaf, this.#codec, this.#limits, this.#output);
      leaf.levels.clear();
      leaf.values.clear();
      return chunk;
    });
    this.#rowGroups.push({ rows: this.#rows, chunks });
    this.#rows = 0;
  }

  /** A reader that skips a column would shift all later rows: better no file than that one. */
  #checkRows({ levels, path }: LeafNode): void {
    if (levels.rows === this.#rows) return;
    throw new Error(
      `Cannot write column "${path.join('.')}": it has ${levels.rows} rows and the row group ${this.#rows}, and they must be equal`,
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
