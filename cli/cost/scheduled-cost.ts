/** What runs by a schedule and looks at the lake: sweep, audit and compaction. */
import { COMPACT_LIMITS } from '../../pipeline/compact/compact.ts';
import { LISTS_MAX } from '../../pipeline/load/unloaded-commits.ts';
import { type EventLoad, type Flow, foldersOf } from './flow.ts';
import { functionCost, workingSeconds } from './function-cost.ts';
import { ASSUMED, eventSample } from './measured.ts';
import { perMonth } from './month.ts';
import { PRICES, UNVERIFIED_PRICES } from './prices.ts';
import { type EventShape, isLoadedOnAws, type ScheduledRun } from './shape.ts';

/** What all runs of a month cost, in USD, and how much of their work they get done within the function's timeout. */
export interface RunsCost {
  readonly usd: number;
  /** From 0 to 1. */
  readonly done: number;
}

/** What one run has to do. */
interface Work {
  /** LISTs one after the other. */
  readonly pages: number;
  /** LISTs of one object each, GETs and PUTs, 16 at a time. */
  readonly looks: number;
  readonly gets: number;
  readonly puts: number;
  /** Of one processor. */
  readonly micros: number;
}

const NOTHING: Work = { pages: 0, looks: 0, gets: 0, puts: 0, micros: 0 };
const KEYS_OF_PAGE = 1_000;
const REQUESTS_AT_ONCE = 16;
/** `pipeline/audit/chain.ts` reads commits of an hour more than it audits: clocks differ. */
const CLOCK_SKEW_SECONDS = 3_600;
/** Of a multipart upload, `pipeline/adapters/s3-multipart.ts`. */
const PART_BYTES = 16 * 2 ** 20;

export function runsCost(run: ScheduledRun, shape: EventShape, load: EventLoad, flow: Flow): RunsCost {
  const { pages, looks, gets, puts, micros } = workOf(run, shape, load, flow);
  const requests = looks + gets + puts;
  const seconds =
    ASSUMED.scheduledRunSeconds +
    pages * ASSUMED.listSeconds +
    (requests / REQUESTS_AT_ONCE) * ASSUMED.requestSeconds +
    workingSeconds(run.memoryMb, micros);
  const done = Math.min(1, run.timeoutSeconds / seconds);
  const often = 1 / run.everySeconds;
  const ofS3 = done * ((pages + looks + puts) * PRICES.s3Put + gets * PRICES.s3Get);
  const ofFunction = functionCost(run.memoryMb, often, 0, often * done * seconds);
  return { usd: perMonth(often) * (UNVERIFIED_PRICES.scheduledRun + ofS3) + ofFunction, done };
}

/** A line for each kind of run that does not end within its function's timeout, and so leaves more and more undone. */
export function unfinishedRuns(shape: EventShape, load: EventLoad, flow: Flow): string[] {
  return shape.runs.flatMap((run) => {
    const { done } = runsCost(run, shape, load, flow);
    const percent = (100 * done).toPrecision(2);
    return done === 1
      ? []
      : [`The ${run.kind} does some ${percent} % of its work in the ${run.timeoutSeconds} s of its function.`];
  });
}

function workOf(run: ScheduledRun, shape: EventShape, load: EventLoad, flow: Flow): Work {
  if (run.kind === 'compaction') {
    return compactionWork(run, shape, load, flow);
  }
  if (!isLoadedOnAws(shape)) {
    // Without a warehouse they end before they look at the lake.
    return NOTHING;
  }
  switch (run.kind) {
    case 'sweep':
      return { ...NOTHING, pages: shape.partitions * (flow.commits === 0 ? 1 : LISTS_MAX) };
    case 'audit': {
      const commits = flow.commits * (run.auditedSeconds + CLOCK_SKEW_SECONDS);
      const looks = flow.commits * run.auditedSeconds * flow.filesPerCommit;
      return { ...NOTHING, pages: shape.partitions + commits / KEYS_OF_PAGE, gets: commits, looks };
    }
    case 'other':
      return NOTHING;
  }
}

/**
 * Each small file is read once and its rows are written once more. A commit that waits until there is enough to merge
 * is read by every run meanwhile.
 */
function compactionWork({ everySeconds }: ScheduledRun, shape: EventShape, load: EventLoad, flow: Flow): Work {
  const { commits, filesPerCommit } = flow;
  const { partitions } = shape;
  const { parquetBytes, compactMicros } = eventSample(load.bytes);
  const listed = partitions * 2;
  if (commits === 0) {
    return { ...NOTHING, pages: listed };
  }
  const { objectsMax, rowsMax, fileBytes, settledAfterMs, waitsUntilMs } = COMPACT_LIMITS;
  const ofPartition = { commits: commits / partitions, events: load.eventsPerSecond / partitions };
  const mergeSeconds = Math.min(
    (waitsUntilMs - settledAfterMs) / 1000,
    objectsMax / (ofPartition.commits * (1 + filesPerCommit)),
    rowsMax / ofPartition.events,
    (fileBytes * filesPerCommit) / (ofPartition.events * parquetBytes),
  );
  const merges = (everySeconds * partitions) / mergeSeconds;
  const mergedFiles = foldersOf(shape, load, ofPartition.events * mergeSeconds, mergeSeconds);
  const events = load.eventsPerSecond * everySeconds;
  const reads = 1 + mergeSeconds / (2 * everySeconds);
  const waitingCommits = commits * (settledAfterMs / 1000 + everySeconds + mergeSeconds / 2);
  return {
    pages: listed + waitingCommits / KEYS_OF_PAGE,
    looks: 0,
    gets: partitions + commits * everySeconds * (reads + filesPerCommit),
    puts: merges * (mergedFiles + 1) + (events * parquetBytes) / PART_BYTES,
    micros: events * compactMicros,
  };
}
