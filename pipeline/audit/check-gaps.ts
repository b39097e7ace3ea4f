/** Gaps that retention may have made where the sink could not tell. */
import type { Chain } from './chain.ts';
import { type Fault, fault } from './fault.ts';

/**
 * Lambda's event source mapping does not tell the watermarks, so in a commit of the trigger `stream` every gap is of
 * unknown cause. A gap between two commits is taken for a loss where retention can have made it: where the newest record
 * before it was already older than the retention when the commit behind it was written. On a topic with transactions
 * that was silent for so long, that is a false alarm; but nobody could prove it.
 */
export function checkGaps({ partition, commits }: Chain, retentionMs: number): Fault[] {
  return commits.flatMap(({ commit, writtenAt }, index) => {
    const before = commits[index - 1]?.commit;
    const [gap] = commit.gaps;
    const isBetween = before?.next === commit.start && gap?.first === commit.start;
    if (!isBetween || gap.cause !== 'unknown' || writtenAt - before.timestamps.max <= retentionMs) {
      return [];
    }
    const message =
      'Kafka’s retention has probably deleted them before they were committed; raise topic.retentionHours';
    return fault('RETENTION', message, { partition, first: gap.first, next: gap.next, lost: gap.next - gap.first });
  });
}
