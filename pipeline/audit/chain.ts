/** The commit chains as an audit reads them: every commit, and whether they tile their offsets. */
import { COMMIT_PREFIX } from '../contract/names.ts';
import type { ObjectStore, OffsetRange } from '../ports.ts';
import { type Commit, noCommit } from '../sink/commit.ts';
import { type CommitObject, commitKey, listCommits, readCommit } from '../sink/commit-log.ts';
import { unexplainedOffsets } from './commit-offsets.ts';
import { type Fault, fault } from './fault.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import { unreadable } from './unreadable.ts';

/** Which commits are audited: those with a record of this time, or written then. Milliseconds since the epoch. */
export interface AuditWindow {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const isWhole = ({ from, to }: AuditWindow): boolean => from === undefined && to === undefined;

export interface ChainCommit {
  readonly key: string;
  readonly commit: Commit;
  /** When it was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** The commits of one partition in the window, ascending by offsets. */
export interface Chain {
  readonly partition: number;
  readonly commits: readonly ChainCommit[];
  /** Offsets among them that no readable commit covers. */
  readonly holes: readonly OffsetRange[];
  /** One past the last offset of all commits of the partition, in the window or not. */
  readonly end: number;
  /** Whether the window holds the last commit of the partition. */
  readonly reachesEnd: boolean;
  readonly faults: readonly Fault[];
}

type Entry = { readonly place: NonNullable<CommitObject['place']> } & (ChainCommit | { readonly fault: string });

const READS_AT_ONCE = 16;
/** Clocks of producers may be ahead of S3's by so much: a commit may be older than its newest record. */
const CLOCK_SKEW_MS = 3_600_000;

export interface ChainSource {
  readonly lake: ObjectStore;
  readonly event: string;
  /** How many the topic has; a window that begins is looked for in each of them, from its newest commit back. */
  readonly partitions: number;
}

/**
 * Memory: the commits of the window. Cost: a LIST of the commits from the window's beginning on, and a GET for each.
 * @returns the chains, ascending by partition, and a fault for each object that is no commit.
 */
export async function readChains(
  { lake, event, partitions: count }: ChainSource,
  window: AuditWindow,
): Promise<{ readonly chains: readonly Chain[]; readonly foreign: readonly Fault[] }> {
  const foreign: Fault[] = [];
  const partitions = new Map<number, { readonly objects: CommitObject[]; isWhole: boolean }>();
  const prefixes = Array.from({ length: count }, (_, partition) => `${COMMIT_PREFIX}${partition}/`);
  for (const prefix of window.from === undefined ? [COMMIT_PREFIX] : prefixes) {
    for await (const object of listCommits(lake, prefix)) {
      if (!object.place) {
        foreign.push(fault('FOREIGN_OBJECT', noCommit(object.key).message));
        continue;
      }
      const found = partitions.get(object.place.partition) ?? { objects: [], isWhole: true };
      partitions.set(object.place.partition, found);
      found.objects.push(object);
      // The first one of before is read too: it says where the next begins, or where the chain ends.
      if (object.modifiedAt < (window.from ?? 0) - CLOCK_SKEW_MS) {
        found.isWhole = false;
        break;
      }
    }
  }
  const chains: Chain[] = [];
  for (const [partition, { objects, isWhole }] of [...partitions].sort(([a], [b]) => a - b)) {
    const entries = await readEntries(lake, event, objects.toReversed());
    chains.push(tile(partition, entries, isWhole, window));
  }
  return { chains, foreign };
}

async function readEntries(lake: ObjectStore, event: string, objects: readonly CommitObject[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  await forEachAtOnce(objects, READS_AT_ONCE, async ({ key, place, modifiedAt }, index) => {
    if (place) {
      entries[index] = { place, ...(await readEntry(lake, event, key, modifiedAt)) };
    }
  });
  return entries;
}

async function readEntry(
  lake: ObjectStore,
  event: string,
  key: string,
  writtenAt: number,
): Promise<ChainCommit | { readonly fault: string }> {
  try {
    const commit = await readCommit(lake, key);
    return commit.event === event
      ? { key, commit, writtenAt }
      : { fault: `The commit "${key}" is of the event "${commit.event}", allowed is "${event}"` };
  } catch (error) {
    return { fault: unreadable(error) };
  }
}

/** Walks the offsets from commit to commit. */
function tile(partition: number, entries: readonly Entry[], isWhole: boolean, window: AuditWindow): Chain {
  const isInWindow = (entry: Entry): boolean => 'fault' in entry || overlaps(entry, window);
  const begin = entries.findIndex(isInWindow);
  // Consecutive commits, whatever times a producer gave to records in between.
  const end = window.to === undefined ? entries.length : entries.findLastIndex(isInWindow) + 1;
  const audited = begin < 0 ? [] : entries.slice(begin, end);
  const commits: ChainCommit[] = [];
  const holes: OffsetRange[] = [];
  const faults: Fault[] = [];
  const before = entries[begin - 1];
  let expected = before && 'commit' in before ? before.commit.next : isWhole ? 0 : (audited[0]?.place.start ?? 0);
  for (const [index, entry] of audited.entries()) {
    const { start } = entry.place;
    if (start > expected) {
      const hole = { partition, first: expected, next: start };
      const message = `No commit covers them; "${commitKey(partition, expected)}" is missing`;
      holes.push(hole);
      faults.push(fault('MISSING_COMMIT', message, { ...hole, lost: start - expected }));
    }
    if ('fault' in entry) {
      const range = { partition, first: start, next: audited[index + 1]?.place.start ?? start + 1 };
      holes.push(range);
      faults.push(fault('BAD_COMMIT', entry.fault, { ...range, lost: range.next - range.first }));
      expected = range.next;
      continue;
    }
    const { key, commit } = entry;
    if (start < expected) {
      const overlap = { partition, first: start, next: Math.min(expected, commit.next) };
      const message = `"${key}" covers offsets that the commit before it covers`;
      faults.push(fault('OVERLAP', message, { ...overlap, duplicated: overlap.next - overlap.first }));
    }
    faults.push(...checkNumbers(key, commit));
    commits.push(entry);
    expected = Math.max(expected, commit.next);
  }
  const reachesEnd = end === entries.length;
  const last = entries.at(-1);
  return {
    partition,
    commits,
    holes,
    end: last && !('fault' in last) ? last.commit.next : expected,
    reachesEnd,
    faults,
  };
}

/** From a commit's oldest record until it was written. */
const overlaps = ({ commit: { timestamps }, writtenAt }: ChainCommit, { from, to }: AuditWindow): boolean =>
  Math.max(timestamps.max, writtenAt) >= (from ?? Number.NEGATIVE_INFINITY) &&
  timestamps.min <= (to ?? Number.POSITIVE_INFINITY);

/** Every offset from `start` to before `next` is a row, a dead letter, or in a gap; and what retention took is lost. */
function checkNumbers(key: string, commit: Commit): Fault[] {
  const { partition, start, next, rows, rejected, gaps, files } = commit;
  const faults: Fault[] = [];
  const unexplained = unexplainedOffsets(commit);
  const inFiles = files.reduce((sum, file) => sum + file.rows, 0);
  if (unexplained !== 0 || inFiles !== rows) {
    const counts = `${rows} rows (${inFiles} in its files), ${rejected?.count ?? 0} dead letters and ${gaps.length} gaps`;
    const message = `"${key}" covers ${next - start} offsets, but counts ${counts}`;
    const excess = { lost: Math.max(unexplained, 0), duplicated: Math.max(-unexplained, 0) };
    faults.push(fault('BAD_COMMIT', message, { partition, first: start, next, ...excess }));
  }
  for (const { first, next: end } of gaps.filter(({ cause }) => cause === 'retention')) {
    const message = 'Kafka’s retention deleted them before they were committed; raise topic.retentionHours';
    faults.push(fault('RETENTION', message, { partition, first, next: end, lost: end - first }));
  }
  return faults;
}

/** The partitions of the topic, and what else has a chain, ascending. */
export const partitionsOf = (chains: readonly Chain[], count: number): number[] =>
  [...new Set([...Array(count).keys(), ...chains.map(({ partition }) => partition)])].sort((a, b) => a - b);

/** Where the partition's chain ends now; 0 when it has no commit that can be read. */
export async function chainEnd(lake: ObjectStore, partition: number): Promise<number> {
  for await (const { key, place } of listCommits(lake, `${COMMIT_PREFIX}${partition}/`)) {
    if (place) {
      const commit = await readCommit(lake, key).catch(unreadable);
      return typeof commit === 'string' ? 0 : commit.next;
    }
  }
  return 0;
}
