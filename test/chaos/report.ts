/** What the run says at its end. */
import { textTable } from '../../cli/text-table.ts';
import type { Verdict } from './reconcile.ts';
import type { RecordBook } from './record-book.ts';

const SHOWN_MAX = 20;

export interface FaultsMet {
  /** How often each happened. */
  readonly injected: ReadonlyMap<string, number>;
  /** Invocations that failed because S3 did, however often its client repeated a request. */
  readonly failed: number;
}

/**
 * @param others problems that were found elsewhere.
 * @returns whether everything is as it must be.
 */
export function report(
  verdicts: ReadonlyMap<string, Verdict>,
  book: RecordBook,
  faults: FaultsMet,
  others: readonly string[],
): boolean {
  const injected = [...faults.injected].sort(([a], [b]) => (a < b ? -1 : 1));
  const total = injected.reduce((sum, [, count]) => sum + count, 0);
  console.log(`\n${textTable(['fault', 'times'], [...injected, ['all', total]])}\n`);
  const header = ['event', 'accepted', 'committed', 'rejected', 'loaded', 'lost', 'duplicated', 'relayed again'];
  const rows = [...verdicts].map(([event, { accepted, committed, rejected, loaded, lost, duplicated, again }]) => [
    event,
    accepted,
    committed,
    rejected,
    loaded,
    lost.length,
    duplicated.length,
    again,
  ]);
  console.log(`${textTable(header, rows)}\n`);
  console.log(`${book.queued.length} of the accepted were queued first, and are written at least once.`);
  console.log(`${book.refused} invalid events were refused, ${book.unanswered} attempts were not acknowledged.`);
  console.log(`${faults.failed} invocations failed for good because S3 was out.`);
  const problems = [
    ...(faults.failed > 0 ? [] : ['No invocation failed for good, so nothing is known of what one would leave behind']),
    ...[...verdicts].flatMap(([event, { lost, duplicated, wrong }]) => [
      ...lost.map((text) => `${event}: lost: ${text}`),
      ...duplicated.map((text) => `${event}: twice: ${text}`),
      ...wrong.map((text) => `${event}: ${text}`),
    ]),
    ...book.surprises,
    ...others,
  ];
  for (const problem of problems.slice(0, SHOWN_MAX)) console.log(problem);
  if (problems.length > SHOWN_MAX) console.log(`... and ${problems.length - SHOWN_MAX} more`);
  return problems.length === 0;
}
