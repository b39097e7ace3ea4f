/** The end of a file: its schema, where each chunk lies, statistics and key-value metadata. */
import type { ColumnChunk } from './column-chunk.ts';
import type { ColumnNode } from './column-tree.ts';
import { MAGIC } from './format.ts';
import type { Extent, PageIndex } from './page-index.ts';
import { schemaElements, writeSchemaElement } from './schema-elements.ts';
import { ThriftWriter } from './thrift-writer.ts';
import type { Bounds } from './values.ts';

export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly StoredChunk[];
}

/** A chunk with what lies elsewhere in the file about it. */
export interface StoredChunk extends ColumnChunk {
  readonly bloomFilter?: Extent;
  readonly pageIndex?: PageIndex;
}

const CREATED_BY = 'headrace version 0.1.0';
/** What all writers still say: the number tells readers nothing about encodings or page versions. */
const FORMAT_VERSION = 1;

/** FileMetaData, its length and the closing magic. */
export function fileFooter(
  columns: readonly ColumnNode[],
  rowGroups: readonly RowGroup[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const thrift = new ThriftWriter();
  const leaves = columns.flatMap((column) => column.leaves);
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  thrift.i32(1, FORMAT_VERSION);
  thrift.structs(2, schemaElements(columns), (element) => writeSchemaElement(thrift, element));
  thrift.i64(3, rows);
  thrift.structs(4, [...rowGroups.entries()], ([ordinal, group]) => writeRowGroup(thrift, group, ordinal));
  thrift.structs(5, Object.entries(metadata), ([key, value]) => {
    thrift.string(1, key);
    thrift.string(2, value);
  });
  thrift.string(6, CREATED_BY);
  // TypeDefinedOrder for each leaf: without it readers ignore min_value and max_value.
  thrift.structs(7, leaves, () => thrift.struct(1, () => {}));
  thrift.stop();
  const length = thrift.buffer.length;
  thrift.buffer.uint32(length);
  thrift.buffer.append(MAGIC);
  return thrift.buffer.view();
}

function writeRowGroup(thrift: ThriftWriter, { rows, chunks }: RowGroup, ordinal: number): void {
  const sum = (size: (chunk: StoredChunk) => number) => chunks.reduce((total, chunk) => total + size(chunk), 0);
  thrift.structs(1, chunks, (chunk) => writeColumnChunk(thrift, chunk));
  thrift.i64(
    2,
    sum((chunk) => chunk.uncompressedSize),
  );
  thrift.i64(3, rows);
  const [first] = chunks;
  if (first) thrift.i64(5, chunkOffset(first));
  thrift.i64(
    6,
    sum((chunk) => chunk.compressedSize),
  );
  // An i16: files of more row groups than that go without.
  if (ordinal < 32_768) thrift.i16(7, ordinal);
}

function writeColumnChunk(thrift: ThriftWriter, chunk: StoredChunk): void {
  thrift.i64(2, chunkOffset(chunk));
  thrift.struct(3, () => writeColumnMetadata(thrift, chunk));
  const { offsetIndex, columnIndex } = chunk.pageIndex ?? {};
  if (offsetIndex) {
    thrift.i64(4, offsetIndex.offset);
    thrift.i32(5, offsetIndex.length);
  }
  if (columnIndex) {
    thrift.i64(6, columnIndex.offset);
    thrift.i32(7, columnIndex.length);
  }
}

function writeColumnMetadata(thrift: ThriftWriter, chunk: StoredChunk): void {
  thrift.i32(1, chunk.leaf.values.physicalType);
  thrift.i32s(2, chunk.encodings);
  thrift.strings(3, chunk.leaf.path);
  thrift.i32(4, chunk.codec);
  thrift.i64(5, chunk.entryCount);
  thrift.i64(6, chunk.uncompressedSize);
  thrift.i64(7, chunk.compressedSize);
  thrift.i64(9, chunk.pages[0]?.offset ?? 0);
  if (chunk.dictionaryOffset !== undefined) thrift.i64(11, chunk.dictionaryOffset);
  thrift.struct(12, () => writeStatistics(thrift, chunk.nullCount, chunk.bounds));
  if (chunk.bloomFilter) {
    thrift.i64(14, chunk.bloomFilter.offset);
    thrift.i32(15, chunk.bloomFilter.length);
  }
}

function writeStatistics(thrift: ThriftWriter, nullCount: number, bounds: Bounds | undefined): void {
  thrift.i64(3, nullCount);
  if (!bounds) return;
  thrift.binary(5, bounds.max);
  thrift.binary(6, bounds.min);
  thrift.bool(7, bounds.maxExact);
  thrift.bool(8, bounds.minExact);
}

function chunkOffset(chunk: StoredChunk): number {
  return chunk.dictionaryOffset ?? chunk.pages[0]?.offset ?? 0;
}
