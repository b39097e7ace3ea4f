/**
 * The commit log: for each Kafka partition a chain of commits in S3 that says which offsets are in the lake.
 *
 * Invariants:
 * - A commit's name is its `start`, and it is created with `If-None-Match: *`. So of all writers that believe the chain
 *   ends at `start`, one succeeds, and a chain never forks.
 * - `start` is the previous commit's `next`. So the chain tiles the offsets: no overlap, no hole that is not recorded.
 * - Commits are never changed or deleted. So a head that was read once is never ahead of the truth, only behind it,
 *   and a writer with a stale head meets a name that exists.
 * - Names descend as offsets ascend. So the head of a chain of any length is the first key of one LIST.
 */
import { COMMIT_PREFIX } from '../contract/names.ts';
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { type Commit, parseCommit } from './commit.ts';

export interface CommitLog {
  /** The offset at which the partition's chain ends: the first one that is not committed. 0 when there is no chain. */
  next(partition: number): Promise<number>;
  /**
   * Adds a commit whose `start` is what `next` returned. Atomic.
   * @returns `superseded` when another writer committed this offset first; `next` then tells how far it got.
   */
  append(commit: Commit): Promise<'committed' | 'superseded'>;
}

/** The largest number of 19 digits; offsets are subtracted from it so that names descend. */
const NAME_MAX = 9_999_999_999_999_999_999n;
const NAME_DIGITS = 19;
const COMMIT_KEY = /^commits\/(\d+)\/(\d{19})\.json$/;

/** Remembers the heads it has seen, which saves a LIST and a GET for each batch of a warm function. */
export function commitLog(lake: ObjectStore): CommitLog {
  const heads = new Map<number, number>();
  return {
    async next(partition) {
      const known = heads.get(partition);
      if (known !== undefined) {
        return known;
      }
      const next = await readHead(lake, partition);
      heads.set(partition, next);
      return next;
    },
    async append(commit) {
      const body = Buffer.from(JSON.stringify(commit));
      const outcome = await lake.putIfAbsent(commitKey(commit.partition, commit.start), body);
      if (outcome === 'created') {
        heads.set(commit.partition, commit.next);
        return 'committed';
      }
      heads.delete(commit.partition);
      return 'superseded';
    },
  };
}

/** The key of the commit that starts at the offset. */
export function commitKey(partition: number, start: number): string {
  const name = (NAME_MAX - BigInt(start)).toString().padStart(NAME_DIGITS, '0');
  return `${COMMIT_PREFIX}${partition}/${name}.json`;
}

/** What a commit's key says; undefined when the key is no commit's. */
export function parseCommitKey(key: string): { readonly partition: number; readonly start: number } | undefined {
  const match = COMMIT_KEY.exec(key);
  return match ? { partition: Number(match[1]), start: Number(NAME_MAX - BigInt(match[2] ?? 0)) } : undefined;
}

async function readHead(lake: ObjectStore, partition: number): Promise<number> {
  const [key] = await lake.list({ prefix: `${COMMIT_PREFIX}${partition}/`, keysMax: 1 });
  return key === undefined ? 0 : (await readCommit(lake, key)).next;
}

/** @throws UnknownFormatError when the object is no commit, one of a newer format, or the commit of another key. */
export async function readCommit(lake: ObjectStore, key: string): Promise<Commit> {
  const commit = parseCommit(key, await lake.get(key));
  const place = parseCommitKey(key);
  if (place?.partition !== commit.partition || place.start !== commit.start) {
    const reason = `it starts at offset ${commit.start} of partition ${commit.partition}, its name says another place`;
    throw new UnknownFormatError(`the commit "${key}"`, reason);
  }
  return commit;
}
