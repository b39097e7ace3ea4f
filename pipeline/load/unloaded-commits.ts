/** Which commits the ledger does not hold, found by what it does hold. */
import { forEachAtOnce } from '../audit/for-each-at-once.ts';
import { COMMIT_PREFIX } from '../contract/names.ts';
import type { ObjectStore, OffsetRange, Warehouse, WarehouseTable } from '../ports.ts';
import { noCommit } from '../sink/commit.ts';
import { type CommitObject, commitKey, listCommits } from '../sink/commit-log.ts';

export interface UnloadedPorts {
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  readonly table: WarehouseTable;
  readonly partitions: number;
  /** Commits that were written before are passed over. Milliseconds since the epoch. */
  readonly horizon: number;
  readonly now: number;
  /** Whether there is time for another look. */
  readonly hasTime: () => boolean;
}

export interface UnloadedCommits {
  /** The oldest first. */
  readonly commits: readonly CommitObject[];
  /** Objects that were met among the commits and are none, by their keys. */
  readonly failures: ReadonlyMap<string, Error>;
  /** False when time or `COMMITS_MAX` ended the search: there are more. */
  readonly isComplete: boolean;
}

type PlacedCommit = CommitObject & { readonly place: NonNullable<CommitObject['place']> };

const PARTITIONS_AT_ONCE = 10;
/** Of the search for the horizon: the first commit, and eleven halvings, which narrow 78 years down to two weeks. */
const PROBES_MAX = 12;
/** LIST calls for a partition, when no commit of it is missing: the head, the search, and what is behind the ledger. */
export const LISTS_MAX = 1 + PROBES_MAX + 1;
/** More than a sweep can load in a day. Memory: a name for each. */
const COMMITS_MAX = 20_000;

/**
 * The chain of commits tiles the offsets, so what the ledger's entries leave uncovered is what is not loaded: one
 * statement whose answer is as long as there are holes, and then only the names in the holes are listed.
 *
 * LIST calls: for a partition one for the chain's head, at most 12 for the horizon (one while the chain is younger than
 * that) and one for what lies behind the ledger's last entry, and one for each further hole and each 1,000 commits in
 * it. Every 15 minutes that is up to 40,320 a month and partition, 0.20 USD, however many commits there are. (All of 14
 * days at a commit every 5 seconds are 242 LISTs, 696,960 a month and partition, and a ledger of 241,920 entries.)
 * Time, at 50 ms a LIST and ten partitions at once: 0.7 s for up to 10 partitions, 14 s for 200, and the statement, 25 s
 * at most; so the first load of a function that has 120 s begins with 80 s left.
 * @throws PipelineError when lake or warehouse cannot be reached.
 */
export async function findUnloaded(ports: UnloadedPorts): Promise<UnloadedCommits> {
  const { lake, warehouse, table, partitions, horizon, hasTime } = ports;
  const ranges: OffsetRange[] = [];
  await forEachAtOnce([...Array(partitions).keys()], PARTITIONS_AT_ONCE, async (partition) => {
    const first = await startBefore(horizon, partition, ports);
    if (first !== undefined) {
      ranges.push({ partition, first, next: Number.MAX_SAFE_INTEGER });
    }
  });
  const commits: CommitObject[] = [];
  const failures = new Map<string, Error>();
  let isComplete = true;
  await forEachAtOnce(await warehouse.holes(table, ranges), PARTITIONS_AT_ONCE, async (hole) => {
    for await (const object of objectsOf(lake, hole)) {
      if (commits.length >= COMMITS_MAX || !hasTime()) {
        isComplete = false;
        return;
      }
      if (!object.place) {
        failures.set(object.key, noCommit(object.key));
      } else if (object.place.start < hole.first || object.modifiedAt < horizon) {
        return;
      } else {
        commits.push(object);
      }
    }
  });
  return { commits: commits.sort((a, b) => a.modifiedAt - b.modifiedAt), failures, isComplete };
}

/** From the hole's last commit back to the first and beyond; what is behind the ledger's end is listed from the head. */
function objectsOf(lake: ObjectStore, { partition, next }: OffsetRange): AsyncGenerator<CommitObject> {
  const prefix = chainPrefix(partition);
  return next === Number.MAX_SAFE_INTEGER
    ? listCommits(lake, prefix)
    : listCommits(lake, prefix, commitKey(partition, next));
}

const chainPrefix = (partition: number): string => `${COMMIT_PREFIX}${partition}/`;

/**
 * Where a commit starts that was written before the moment, by bisection: of those the last, or one that is not much
 * older; 0 when there is none, and undefined when the partition has no commits.
 */
async function startBefore(
  moment: number,
  partition: number,
  { lake, now }: UnloadedPorts,
): Promise<number | undefined> {
  const head = await firstPlaced(listCommits(lake, chainPrefix(partition)));
  if (!head) {
    return undefined;
  }
  let start = 0;
  // The chain's first commit is looked at first: most chains are young, or began at 0.
  for (let at = 0, low = 0, high = head.place.start, probe = 0; low <= high && probe < PROBES_MAX; probe++) {
    const found = await firstPlaced(listCommits(lake, chainPrefix(partition), commitKey(partition, at + 1)));
    if (found && found.modifiedAt >= moment) {
      high = found.place.start - 1;
    } else {
      start = found?.place.start ?? start;
      low = at + 1;
      // Twice the time costs the ledger less than further calls.
      if (found && found.modifiedAt >= moment - (now - moment)) {
        break;
      }
    }
    at = Math.floor((low + high) / 2);
  }
  return start;
}

async function firstPlaced(objects: AsyncIterable<CommitObject>): Promise<PlacedCommit | undefined> {
  for await (const object of objects) {
    if (object.place) {
      return { ...object, place: object.place };
    }
  }
  return undefined;
}
