/** One leaf's part of a row group: levels and values cut into pages, encoded and compressed. */
import { crc32 } from 'node:zlib';
import { ByteBuffer } from './byte-buffer.ts';
import type { LeafNode } from './column-tree.ts';
import type { PageCodec } from './compression.ts';
import type { FileOutput } from './file-output.ts';
import { Encoding, PageType } from './format.ts';
import { levelRange } from './level-range.ts';
import { ThriftWriter } from './thrift-writer.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** How chunks are laid out. Of a data page's two limits, the first that is reached ends it. */
export interface ChunkFormat {
  readonly codec: PageCodec;
  /** Bytes before compression, kept on average over a chunk. */
  readonly pageBytes: number;
  readonly pageRows: number;
  /** Whether the delta encodings may be used. */
  readonly delta: boolean;
}

export interface Page {
  /** From the file's first byte. */
  readonly offset: number;
  /** Header included. */
  readonly compressedSize: number;
  /** Of the page's first row, counted in its row group. */
  readonly firstRow: number;
  readonly entryCount: number;
  readonly nullCount: number;
  readonly bounds: Bounds | undefined;
}

export interface ColumnChunk {
  readonly leaf: LeafNode;
  readonly encodings: readonly number[];
  readonly codec: number;
  readonly dictionaryOffset?: number;
  readonly pages: readonly Page[];
  readonly entryCount: number;
  readonly nullCount: number;
  readonly bounds: Bounds | undefined;
  readonly uncompressedSize: number;
  readonly compressedSize: number;
}

/** What is being put together; codecs and outputs copy it. */
const body = new ByteBuffer();

/** Encodes all rows of `leaf` as one chunk; the leaf's stores are left as they are. */
export function writeColumnChunk(leaf: LeafNode, format: ChunkFormat, output: FileOutput): ColumnChunk {
  const { codec } = format;
  const encoded = leaf.values.encode(format.delta);
  const start = output.offset;
  let uncompressedSize = 0;
  const writePage = (page: RawPage) => {
    uncompressedSize += writeRawPage(page, codec, output);
  };
  const { dictionary } = encoded;
  if (dictionary) writePage({ body: dictionary.bytes, type: PageType.dictionary, valueCount: dictionary.count });
  const pages = writeDataPages(leaf, encoded, format, output, writePage);
  const entryCount = leaf.levels.count;
  return {
    leaf,
    encodings: dictionary ? [Encoding.plain, Encoding.rle, encoded.encoding] : [Encoding.rle, encoded.encoding],
    codec: codec.id,
    ...(dictionary ? { dictionaryOffset: start } : {}),
    pages,
    entryCount,
    nullCount: entryCount - leaf.values.count,
    bounds: mergedBounds(pages, leaf.values),
    uncompressedSize,
    compressedSize: output.offset - start,
  };
}

interface RawPage {
  readonly body: Uint8Array;
  readonly type: number;
  readonly valueCount: number;
  /** Of a data page's values. */
  readonly encoding?: number;
}

function writeDataPages(
  leaf: LeafNode,
  encoded: EncodedValues,
  format: ChunkFormat,
  output: FileOutput,
  writePage: (page: RawPage) => void,
): Page[] {
  const { levels, values } = leaf;
  const rowsPerPage = pageRows(levels.rows, encoded.byteLength + levels.count, format);
  const pages: Page[] = [];
  let entry = 0;
  let value = 0;
  for (let firstRow = 0; firstRow < levels.rows; firstRow += rowsPerPage) {
    const { to: entryEnd, valueCount, bytes } = levelRange(levels, entry, rowsPerPage);
    const valueEnd = value + valueCount;
    body.length = 0;
    body.append(bytes);
    body.append(encoded.page(value, valueEnd));
    const offset = output.offset;
    writePage({
      body: body.view(),
      type: PageType.data,
      valueCount: entryEnd - entry,
      encoding: encoded.encoding,
    });
    pages.push({
      offset,
      compressedSize: output.offset - offset,
      firstRow,
      entryCount: entryEnd - entry,
      nullCount: entryEnd - entry - valueCount,
      bounds: values.bounds(value, valueEnd),
    });
    entry = entryEnd;
    value = valueEnd;
  }
  return pages;
}

/** Rows to put on a page so that pages of an even chunk reach the byte limit and no page is nearly empty. */
function pageRows(rows: number, bytes: number, { pageBytes, pageRows }: ChunkFormat): number {
  const pages = Math.max(1, Math.ceil(bytes / pageBytes), Math.ceil(rows / pageRows));
  return Math.max(1, Math.ceil(rows / pages));
}

/** @returns the page's size before compression, header included */
function writeRawPage(page: RawPage, codec: PageCodec, output: FileOutput): number {
  const compressed = codec.compress(page.body);
  const thrift = new ThriftWriter();
  thrift.i32(1, page.type);
  thrift.i32(2, page.body.length);
  thrift.i32(3, compressed.length);
  // The format's CRC is an i32, so the unsigned sum is written as its signed twin.
  thrift.i32(4, crc32(compressed) | 0);
  const { encoding } = page;
  if (encoding === undefined) {
    thrift.struct(7, () => {
      thrift.i32(1, page.valueCount);
      thrift.i32(2, Encoding.plain);
    });
  } else {
    thrift.struct(5, () => {
      thrift.i32(1, page.valueCount);
      thrift.i32(2, encoding);
      thrift.i32(3, Encoding.rle);
      thrift.i32(4, Encoding.rle);
    });
  }
  thrift.stop();
  output.write(thrift.buffer.view());
  // Uncompressed bodies lie in memory that the next page overwrites.
  output.write(compressed === page.body ? compressed.slice() : compressed);
  return thrift.buffer.length + page.body.length;
}

function mergedBounds(pages: readonly Page[], values: Values): Bounds | undefined {
  let merged: Bounds | undefined;
  for (const { bounds, entryCount, nullCount } of pages) {
    if (entryCount === nullCount) continue;
    if (!bounds) return undefined;
    if (!merged) merged = bounds;
    else merged = wider(merged, bounds, values);
  }
  return merged;
}

function wider(a: Bounds, b: Bounds, values: Values): Bounds {
  const lower = values.compare(b.min, a.min) < 0 ? b : a;
  const upper = values.compare(b.max, a.max) > 0 ? b : a;
  return { min: lower.min, minExact: lower.minExact, max: upper.max, maxExact: upper.maxExact };
}
