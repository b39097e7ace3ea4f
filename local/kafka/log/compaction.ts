/** Log compaction: keeps the newest record of each key (`cleanup.policy=compact`). */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { readRecords, type StoredRecord, withRecords } from '../../../pipeline/kafka/record.ts';
import { type BatchHeader, readBatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** What compaction asks the log. */
export interface CompactionRules {
  /** Whether a data batch belongs to an aborted transaction. */
  readonly isAborted: (header: BatchHeader) => boolean;
  /** Whether tombstones at this offset have been kept for long enough. */
  readonly dropsTombstones: (offset: number) => boolean;
  /** Whether the segment has been closed meanwhile: reading then ends early, and the result is of no use. */
  readonly isGone: (segment: Segment) => boolean;
}

/** The newest offset of each key; keys as Latin-1 text, which keeps every byte. */
type NewestOffsets = ReadonlyMap<string, number>;

/** More keys than this wait for the next run: it bounds the memory of one. */
const keysMax = 1_000_000;
/** Between two pieces of this size other work gets its turn. */
const turnBytes = 1024 * 1024;

/**
 * Compacts `closed`, some of which, `dirty`, are new since the last time. Other work goes on meanwhile. Returns up to
 * which offset the log is compacted. Memory: a key and an offset for each distinct key, and one batch.
 */
export async function compactSegments(
  segments: SegmentList,
  closed: readonly Segment[],
  dirty: readonly Segment[],
  rules: CompactionRules,
): Promise<number> {
  const { newest, endOffset } = await newestOffsets(dirty, rules);
  for (const segment of closed) {
    if (segment.baseOffset >= endOffset || rules.isGone(segment)) continue;
    const draft = segment.draft();
    try {
      for await (const batch of compacted(segment, newest, rules)) draft.append(batch);
      if (!rules.isGone(segment)) segments.replace(segment, draft);
    } finally {
      draft.close();
    }
  }
  return endOffset;
}

/** Reads `segments` in order until the key limit, and tells up to which offset the map is complete. */
async function newestOffsets(
  segments: readonly Segment[],
  rules: CompactionRules,
): Promise<{ readonly newest: NewestOffsets; readonly endOffset: number }> {
  const newest = new Map<string, number>();
  let endOffset = 0;
  for (const segment of segments) {
    for await (const batch of batchesOf(segment, rules)) {
      const header = readBatchHeader(batch);
      if (header === undefined) break;
      if (newest.size >= keysMax) return { newest, endOffset };
      if (!header.control && !rules.isAborted(header)) {
        for (const { key, offset } of readRecords(batch)) {
          if (key !== null) newest.set(key.toString('latin1'), offset);
        }
      }
      endOffset = header.lastOffset + 1;
    }
  }
  return { newest, endOffset };
}

/** The batches of `segment` that compaction leaves, each whole or rebuilt at its old offsets. */
async function* compacted(segment: Segment, newest: NewestOffsets, rules: CompactionRules): AsyncGenerator<Buffer> {
  const isKept = ({ key, offset, value }: StoredRecord) =>
    key !== null &&
    (newest.get(key.toString('latin1')) ?? offset) <= offset &&
    (value !== null || !rules.dropsTombstones(offset));
  for await (const batch of batchesOf(segment, rules)) {
    const header = readBatchHeader(batch);
    if (header === undefined) return;
    if (header.control) {
      yield batch;
      continue;
    }
    const records = readRecords(batch);
    const kept = rules.isAborted(header) ? [] : records.filter(isKept);
    if (kept.length === records.length) yield batch;
    else if (kept.length > 0) yield withRecords(batch, kept);
  }
}

async function* batchesOf(segment: Segment, { isGone }: CompactionRules): AsyncGenerator<Buffer> {
  if (isGone(segment)) return;
  let bytesInTurn = 0;
  for (const { header, position } of segment.scan(0)) {
    yield segment.read(position, header.bytes);
    bytesInTurn += header.bytes;
    if (bytesInTurn >= turnBytes) {
      bytesInTurn = 0;
      await nextTurn();
    }
    // Before the next read, which would be from a closed file.
    if (isGone(segment)) return;
  }
}
