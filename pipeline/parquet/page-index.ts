/** Where a chunk's pages lie and what their bounds are, so that readers fetch only the pages they need. */
import type { ColumnChunk, Page } from './column-chunk.ts';
import type { FileOutput } from './file-output.ts';
import { ThriftWriter } from './thrift-writer.ts';
import type { Values } from './values.ts';

/** A part of the file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface PageIndex {
  readonly offsetIndex: Extent;
  /** Absent where a page has values and no bounds, as NaNs have no order. */
  readonly columnIndex?: Extent;
}

const BoundaryOrder = { unordered: 0, ascending: 1, descending: 2 } as const;

const NO_BYTES = new Uint8Array(0);

/** Writes the index of a chunk. @returns undefined for a single page, of which the footer tells all already */
export function writePageIndex(chunk: ColumnChunk, output: FileOutput): PageIndex | undefined {
  const { pages, leaf } = chunk;
  if (pages.length < 2) return undefined;
  const isComplete = pages.every((page) => page.bounds || isNullPage(page));
  const columnIndex = isComplete ? write(output, (thrift) => writeColumnIndex(thrift, pages, leaf.values)) : undefined;
  const offsetIndex = write(output, (thrift) => writeOffsetIndex(thrift, pages));
  return columnIndex ? { offsetIndex, columnIndex } : { offsetIndex };
}

function write(output: FileOutput, fields: (thrift: ThriftWriter) => void): Extent {
  const thrift = new ThriftWriter();
  fields(thrift);
  thrift.stop();
  const { offset } = output;
  output.write(thrift.buffer.view());
  return { offset, length: thrift.buffer.length };
}

function writeColumnIndex(thrift: ThriftWriter, pages: readonly Page[], values: Values): void {
  thrift.bools(1, pages.map(isNullPage));
  thrift.binaries(
    2,
    pages.map(({ bounds }) => bounds?.min ?? NO_BYTES),
  );
  thrift.binaries(
    3,
    pages.map(({ bounds }) => bounds?.max ?? NO_BYTES),
  );
  thrift.i32(4, boundaryOrder(pages, values));
  thrift.i64s(
    5,
    pages.map((page) => page.nullCount),
  );
}

function writeOffsetIndex(thrift: ThriftWriter, pages: readonly Page[]): void {
  thrift.structs(1, pages, (page) => {
    thrift.i64(1, page.offset);
    thrift.i32(2, page.compressedSize);
    thrift.i64(3, page.firstRow);
  });
}

/** Whether both bounds rise, or both fall, from page to page; pages of nulls do not count. */
function boundaryOrder(pages: readonly Page[], values: Values): number {
  const bounds = pages.flatMap((page) => page.bounds ?? []);
  let ascending = true;
  let descending = true;
  for (const [i, next] of bounds.entries()) {
    const previous = bounds[i - 1];
    if (!previous) continue;
    const signs = [values.compare(previous.min, next.min), values.compare(previous.max, next.max)];
    ascending &&= signs.every((sign) => sign <= 0);
    descending &&= signs.every((sign) => sign >= 0);
  }
  if (ascending) return BoundaryOrder.ascending;
  return descending ? BoundaryOrder.descending : BoundaryOrder.unordered;
}

function isNullPage(page: Page): boolean {
  return page.nullCount === page.entryCount;
}
