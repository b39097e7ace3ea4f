/** Finding a record by its time. */

import { firstRecordAt } from '../../../pipeline/kafka/record.ts';
import type { SegmentList } from './segment-list.ts';

/** The first record at or after `timestamp` and `startOffset`; undefined when there is none. */
export function findRecord(
  segments: SegmentList,
  timestamp: number,
  startOffset: number,
): { readonly offset: number; readonly timestamp: number } | undefined {
  for (const segment of segments) {
    if (segment.maxTimestamp < timestamp) continue;
    for (const { header, position } of segment.scanTimestamp(timestamp)) {
      if (header.lastOffset < startOffset) continue;
      const record = firstRecordAt(segment.read(position, header.bytes), timestamp, startOffset);
      if (record !== undefined) return record;
    }
  }
  return undefined;
}
