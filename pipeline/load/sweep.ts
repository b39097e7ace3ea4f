/** The sweep: loads the commits that no notification has brought to the warehouse. */
import { BrokenInvariantError } from '../errors.ts';
import type { OffsetRange, PendingLoad } from '../ports.ts';
import type { CommitObject } from '../sink/commit-log.ts';
import {
  ATTEMPT_MS,
  addUp,
  asError,
  type LoadPorts,
  type LoadResult,
  loadTogether,
  readLoad,
} from './load-together.ts';
import { findUnloaded } from './unloaded-commits.ts';

export interface SweepPorts extends LoadPorts {
  readonly partitions: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Younger commits are on their way by their notification, and left alone. @default 5 minutes */
  readonly graceMs?: number;
}

export interface SweepReport extends LoadResult {
  /** Commits that the ledger did not hold, loaded or not. */
  readonly unloaded: number;
  /** False when time did not suffice to look at all of them, or to try them: the next sweep goes on. */
  readonly isComplete: boolean;
}

const GRACE_MS = 5 * 60_000;
/** A message lives as long in its queue. What is older, and was swept a thousand times, is for the audit to tell. */
const HORIZON_MS = 14 * 24 * 3_600_000;
const BATCH_COMMITS = 10;

/**
 * Loads the commits of the chains that the ledger does not hold, oldest first, as far as time allows; the rest is left
 * for the next sweep. Exactly once, also beside a loader that works on the same commits, and also when somebody has
 * deleted entries of the ledger. What cannot be loaded, and objects met among the commits that are none, are failures by
 * their keys and hold nothing else. Time, calls and memory: `findUnloaded`, and then what the unloaded commits take.
 */
export async function sweepCommits(ports: SweepPorts): Promise<SweepReport> {
  const { timeLeftMs, graceMs = GRACE_MS } = ports;
  const now = ports.now();
  const hasTime = () => timeLeftMs() > ATTEMPT_MS;
  const found = await findUnloaded({ ...ports, now, horizon: now - HORIZON_MS, hasTime });
  const due = found.commits.filter(({ modifiedAt }) => modifiedAt <= now - graceMs);
  const failures = new Map(found.failures);
  const results: LoadResult[] = [];
  let tried = 0;
  for (; tried < due.length && hasTime(); tried += BATCH_COMMITS) {
    const loads = await readLoads(due.slice(tried, tried + BATCH_COMMITS), ports, failures);
    const fresh = await refuseHeld(loads, ports, failures);
    if (!hasTime()) {
      break;
    }
    results.push(await loadTogether(fresh, ports));
  }
  const total = addUp(results);
  return {
    ...total,
    failures: new Map([...failures, ...total.failures]),
    unloaded: due.length,
    isComplete: found.isComplete && tried >= due.length,
  };
}

async function readLoads(
  objects: readonly CommitObject[],
  ports: LoadPorts,
  failures: Map<string, Error>,
): Promise<PendingLoad[]> {
  const loads: PendingLoad[] = [];
  for (const { key } of objects) {
    try {
      loads.push(await readLoad(key, ports));
    } catch (error) {
      failures.set(key, asError(error));
    }
  }
  return loads;
}

/**
 * Rows without an entry in the ledger would be doubled by a load, unless the warehouse knows rows by their offsets. A
 * loader may have ended meanwhile, so the ledger is asked once more after the table.
 */
async function refuseHeld(
  loads: readonly PendingLoad[],
  { warehouse, table }: LoadPorts,
  failures: Map<string, Error>,
): Promise<readonly PendingLoad[]> {
  if (warehouse.loadsOnceBy === 'offsets') {
    return loads;
  }
  const rows = new Map<string, number>();
  for (const run of runs(loads)) {
    const measures = await warehouse.measure(table, run.map(rangeOf));
    run.forEach(({ commitKey }, index) => {
      rows.set(commitKey, measures[index]?.rows ?? 0);
    });
  }
  const suspects = loads.filter(({ commitKey }) => rows.get(commitKey));
  const entries = suspects.length > 0 ? await warehouse.ledger(table, suspects.map(rangeOf)) : [];
  const held = new Set(entries.map(({ commitKey }) => commitKey));
  const refused = suspects.filter(({ commitKey }) => !held.has(commitKey));
  for (const { commitKey } of refused) {
    const reason = `the table has ${rows.get(commitKey)} of its rows and the ledger does not hold it`;
    const advice = 'somebody has changed one of them, "headrace rebuild" mends both';
    failures.set(commitKey, new BrokenInvariantError(`Cannot load "${commitKey}": ${reason}; ${advice}`));
  }
  return loads.filter((load) => !refused.includes(load));
}

const rangeOf = ({ commit: { partition, start, next } }: PendingLoad): OffsetRange => ({
  partition,
  first: start,
  next,
});

/** Commits that follow one another: a measure reads all that its ranges span. */
function runs(loads: readonly PendingLoad[]): PendingLoad[][] {
  const found: PendingLoad[][] = [];
  for (const load of loads.toSorted(
    (a, b) => a.commit.partition - b.commit.partition || a.commit.start - b.commit.start,
  )) {
    const last = found.at(-1)?.at(-1)?.commit;
    if (last?.partition === load.commit.partition && last.next === load.commit.start) {
      found.at(-1)?.push(load);
    } else {
      found.push([load]);
    }
  }
  return found;
}
