/** Reading a log's batches. */

import { readBatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import type { Allocate } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** Which batches. */
export interface BatchRange {
  /** The first is the one that holds it, or comes after it. */
  readonly offset: number;
  /** No batch begins at or after it. */
  readonly limit: number;
  readonly bytesMax: number;
  /** Give one whole batch even when it is larger than `bytesMax`, so that a reader cannot get stuck. */
  readonly atLeastOne: boolean;
  /** Where the records are read to. @default a buffer of their own */
  readonly allocate?: Allocate | undefined;
}

/** Whole batches, and the offset after them. */
export interface ReadBatches {
  readonly records: Buffer;
  readonly nextOffset: number;
}

/** At most one segment's worth; undefined when there is no batch in the range. */
export function readBatches(segments: SegmentList, range: BatchRange): ReadBatches | undefined {
  const { offset, limit, bytesMax, atLeastOne, allocate } = range;
  const found = offset < limit ? segments.find(offset) : undefined;
  if (found === undefined || found.batch.header.baseOffset >= limit) return undefined;
  const { segment, batch } = found;
  const wanted = atLeastOne ? Math.max(bytesMax, batch.header.bytes) : bytesMax;
  return wholeBatches(segment.read(batch.position, wanted, allocate), limit);
}

/** Cuts `read` after its last whole batch that begins before `limit`. */
function wholeBatches(read: Buffer, limit: number): ReadBatches {
  let end = 0;
  let nextOffset = 0;
  for (;;) {
    const header = readBatchHeader(read, end);
    if (header === undefined || end + header.bytes > read.length || header.baseOffset >= limit) break;
    end += header.bytes;
    nextOffset = header.lastOffset + 1;
  }
  return { records: read.subarray(0, end), nextOffset };
}
