/** The sweep: finds the commits that no notification has brought to the warehouse. */
import { COMMIT_PREFIX } from '../contract/names.ts';
import type { OffsetRange, PendingLoad } from '../ports.ts';
import { noCommit } from '../sink/commit.ts';
import { type CommitObject, listCommits } from '../sink/commit-log.ts';
import {
  ATTEMPT_MS,
  addUp,
  asError,
  type LoadPorts,
  type LoadResult,
  loadTogether,
  readLoad,
} from './load-together.ts';

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
}

const GRACE_MS = 5 * 60_000;
/** A message lives as long in its queue. What is older, and was swept a thousand times, is for the audit to tell. */
const HORIZON_MS = 14 * 24 * 3_600_000;
const BATCH_COMMITS = 10;

/**
 * Loads the commits of the chains that the ledger does not hold, oldest first, as far as time allows; the rest is left
 * for the next sweep. Exactly once, also beside a loader that works on the same commits. What cannot be loaded, and
 * objects below `commits/<partition>/` that are no commits, are failures by their keys and hold nothing else.
 * Memory: a name for each commit of 14 days.
 */
export async function sweepCommits(ports: SweepPorts): Promise<SweepReport> {
  const { lake, table, warehouse, partitions, now, timeLeftMs, graceMs = GRACE_MS } = ports;
  const failures = new Map<string, Error>();
  const ranges: OffsetRange[] = [];
  const candidates: CommitObject[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    let oldest: number | undefined;
    for await (const object of listCommits(lake, `${COMMIT_PREFIX}${partition}/`)) {
      if (!object.place) {
        failures.set(object.key, noCommit(object.key));
      } else if (object.modifiedAt < now() - HORIZON_MS) {
        break;
      } else {
        oldest = object.place.start;
        candidates.push(object);
      }
    }
    if (oldest !== undefined) {
      ranges.push({ partition, first: oldest, next: Number.MAX_SAFE_INTEGER });
    }
  }
  const loaded = new Set((await warehouse.ledger(table, ranges)).map(({ commitKey }) => commitKey));
  const unloaded = candidates
    .filter(({ key, modifiedAt }) => !loaded.has(key) && modifiedAt <= now() - graceMs)
    .toSorted((a, b) => a.modifiedAt - b.modifiedAt);
  const results: LoadResult[] = [];
  for (let at = 0; at < unloaded.length && timeLeftMs() > ATTEMPT_MS; at += BATCH_COMMITS) {
    const loads = await readLoads(unloaded.slice(at, at + BATCH_COMMITS), ports, failures);
    results.push(await loadTogether(loads, ports));
  }
  const total = addUp(results);
  return { ...total, failures: new Map([...failures, ...total.failures]), unloaded: unloaded.length };
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
