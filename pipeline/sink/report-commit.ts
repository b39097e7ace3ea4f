/** What a new commit says to those who watch: one line of log, and metrics. */
import type { Log } from '../log.ts';
import { logMetrics, secondsBetween } from '../metrics.ts';
import type { Commit } from './commit.ts';
import { commitKey } from './commit-log.ts';

export interface CommitReport {
  readonly log: Log;
  /** When its first record was taken up, and when the commit was made, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly now: number;
}

/** To be called once for each commit, by the writer whose commit it is. */
export function reportCommit(commit: Commit, { log, startedAt, now }: CommitReport): void {
  const { event, partition, start, first, next, rows, files, rejected, timestamps, traced } = commit;
  log.info('committed', { partition, first, next, commitKey: commitKey(partition, start), rows, traced });
  logMetrics(
    { event },
    {
      CommittedRows: rows,
      CommittedBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      RejectedRecords: rejected?.count ?? 0,
      FreshnessSeconds: secondsBetween(timestamps.min, now),
      CommitSeconds: secondsBetween(startedAt, now),
    },
    now,
  );
  for (const [code, DeadLetters] of Object.entries(rejected?.codes ?? {})) {
    logMetrics({ event, code }, { DeadLetters }, now);
  }
}
