/** The compaction that a schedule starts in a sink's function. */
import type { Log } from '../log.ts';
import { logMetrics } from '../metrics.ts';
import { COMPACT_LIMITS, type CompactPorts, compactLake } from './compact.ts';

/** What the schedule sends. */
export interface CompactEvent {
  readonly compact: true;
}

export const isCompactEvent = (input: unknown): input is CompactEvent =>
  typeof input === 'object' && input !== null && 'compact' in input;

/** As far as time allows; the next day goes on from there. */
export async function compactOnSchedule(ports: Omit<CompactPorts, 'now'>, log: Log): Promise<void> {
  const made = await compactLake({ ...ports, now: Date.now }, COMPACT_LIMITS);
  for (const { partition, start, next, commits, rows } of made) {
    log.info('compacted', { partition, first: start, next, commits, rows });
  }
  const { event } = ports.contract;
  logMetrics({ event }, { CompactedCommits: made.reduce((sum, { commits }) => sum + commits, 0) });
}
