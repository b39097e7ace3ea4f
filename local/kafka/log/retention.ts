/** Retention: which of the oldest segments `retention.ms` and `retention.bytes` no longer cover. */

import type { LogSettings } from './log-settings.ts';
import type { SegmentList } from './segment-list.ts';

/** The end of what is too old or too much, or `startOffset`; segments go as a whole, the active one, too. */
export function retentionEnd(segments: SegmentList, settings: LogSettings, now: number, startOffset: number): number {
  const { retentionMs, retentionBytes } = settings;
  const oldest = retentionMs < 0 ? Number.NEGATIVE_INFINITY : now - retentionMs;
  let excess = retentionBytes < 0 ? Number.NEGATIVE_INFINITY : segments.bytes - retentionBytes;
  let end = startOffset;
  for (const segment of segments) {
    const { bytes, maxTimestamp } = segment;
    const isTooOld = maxTimestamp >= 0 && maxTimestamp < oldest;
    // Compaction leaves the first one empty at times: it has no age, and goes with the next.
    if (bytes === 0) continue;
    if (!isTooOld && excess < bytes) break;
    excess -= bytes;
    end = segments.endOf(segment);
  }
  return end;
}
