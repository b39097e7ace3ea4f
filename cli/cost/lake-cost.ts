/** What S3 is paid for the rows of an event, in USD a month. */
import type { EventLoad, Flow } from './flow.ts';
import { eventSample } from './measured.ts';
import { perMonth } from './month.ts';
import { PRICES } from './prices.ts';
import { runsCost } from './scheduled-cost.ts';
import type { EventShape } from './shape.ts';

const GB = 1e9;

/**
 * A commit is an object, and each of its files; a drain looks for the head of each partition's chain. A month of rows is
 * kept, and as far as compaction gets, a second time: it deletes nothing.
 */
export function lakeCost(shape: EventShape, load: EventLoad, flow: Flow): number {
  const { trigger, partitions, runs } = shape;
  const { sinkRuns, commits, filesPerCommit } = flow;
  const heads = trigger.kind === 'drain' ? sinkRuns * partitions : 0;
  const requests = perMonth((1 + filesPerCommit) * commits + heads) * PRICES.s3Put + perMonth(heads) * PRICES.s3Get;
  const stored = ((perMonth(load.eventsPerSecond) * eventSample(load.bytes).parquetBytes) / GB) * PRICES.s3GbMonth;
  const compactions = runs
    .filter(({ kind }) => kind === 'compaction')
    .map((run) => runsCost(run, shape, load, flow))
    .map(({ usd, done }) => usd + done * stored);
  return requests + stored + compactions.reduce((sum, one) => sum + one, 0);
}
