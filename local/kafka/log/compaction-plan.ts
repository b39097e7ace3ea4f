/** What of a log is to be compacted, and by which rules. */

import type { CompactionRules } from './compaction.ts';
import type { LogSettings } from './log-settings.ts';
import type { ProducerState } from './producer-state.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** A log, as far as compaction asks. */
export interface CompactedLog {
  readonly segments: SegmentList;
  readonly settings: LogSettings;
  readonly producers: ProducerState;
  readonly lastStableOffset: number;
  /** Where the last compaction ended. */
  readonly compactedTo: number;
  readonly isClosed: () => boolean;
}

export interface CompactionPlan {
  /** The segments to compact, oldest first. */
  readonly closed: readonly Segment[];
  /** Those of them that are new since the last time. */
  readonly dirty: readonly Segment[];
  readonly rules: CompactionRules;
}

/** Undefined when too little is new (`min.cleanable.dirty.ratio`). */
export function planCompaction(log: CompactedLog, now: number): CompactionPlan | undefined {
  const { segments, settings, compactedTo } = log;
  const closed = compactable(log, now);
  const dirty = closed.filter((segment) => segments.endOf(segment) > compactedTo);
  const dirtyBytes = bytesOf(dirty);
  if (dirtyBytes === 0 || dirtyBytes < bytesOf(closed) * settings.minCleanableDirtyRatio) return undefined;
  return { closed, dirty, rules: rulesOf(log, now) };
}

/** Closed segments without open transactions whose records are old enough (`min.compaction.lag.ms`). */
function compactable({ segments, settings, lastStableOffset }: CompactedLog, now: number): readonly Segment[] {
  const newest = now - settings.minCompactionLagMs;
  return segments.closed.filter((one) => segments.endOf(one) <= lastStableOffset && one.maxTimestamp <= newest);
}

function rulesOf({ segments, settings, producers, compactedTo, isClosed }: CompactedLog, now: number): CompactionRules {
  const oldest = now - settings.deleteRetentionMs;
  const expired = segments.closed.filter(({ maxTimestamp }) => maxTimestamp < oldest);
  // A tombstone stays for one run at least, or a reader that follows the log could miss the deletion.
  const dropBefore = Math.min(compactedTo, Math.max(0, ...expired.map((one) => segments.endOf(one))));
  return {
    isAborted: ({ baseOffset, lastOffset, producerId, transactional }) =>
      transactional &&
      producers.abortedIn(baseOffset, lastOffset + 1).some((aborted) => aborted.producerId === producerId),
    isGone: (segment) => isClosed() || !segments.has(segment),
    dropsTombstones: (offset) => offset < dropBefore,
  };
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
