/**
 * The commit log: for each Kafka partition a chain of commits in S3 that says which offsets are in the lake.
 *
 * Invariants:
 * - A commit's name is its `start`, and it is created with `If-None-Match: *`. So of all writers that believe the chain
 *   ends at `start`, one succeeds, and a chain never forks.
 * - `start` is the previous commit's `next`. So the chain tiles the offsets: no overlap, no hole that is not recorded.
 * - Commits are never changed or deleted. So a head that was read once is never ahead of the truth, only behind it,
 *   and a writer with a stale head meets a name that exists. Who puts a whole lake away breaks that for a warm function,
 *   which notices at the first record below its head (see `checkRepeated`).
 * - Names descend as offsets ascend. So the head of a chain of any length is the first key of one LIST.
 */
import { randomUUID } from 'node:crypto';
import { COMMIT_PREFIX } from '../contract/names.ts';
import { UnknownFormatError } from '../errors.ts';
import { listAll } from '../list-all.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import { type ChainPlace, chainKey, parseChainKey } from './chain-key.ts';
import { type Commit, parseCommit } from './commit.ts';

export interface CommitLog {
  /** The last commit of the partition's chain; undefined when there is none. Its `next` is where the chain goes on. */
  head(partition: number): Promise<Commit | undefined>;
  /** The commit of the offset; undefined when the chain does not reach it. */
  covering(partition: number, offset: number): Promise<Commit | undefined>;
  /**
   * Adds a commit whose `start` is the head's `next`, or 0. Atomic; a commit of this log that is there already, because
   * an answer was lost and the request sent again, is committed.
   * @returns `superseded` when another writer committed this offset first; `head` then tells how far it got.
   */
  append(commit: Commit): Promise<'committed' | 'superseded'>;
  /** The partition's head is read anew when it is needed next. */
  forget(partition: number): void;
}

/**
 * Remembers the heads it has seen, which saves a LIST and a GET for each batch of a warm function.
 * @param writer the name that its commits bear, which no other log has.
 */
export function commitLog(lake: ObjectStore, writer: string = randomUUID()): CommitLog {
  const heads = new Map<number, Commit>();
  return {
    async head(partition) {
      const head = heads.get(partition) ?? (await firstCommit(lake, partition));
      if (head) {
        heads.set(partition, head);
      }
      return head;
    },
    async covering(partition, offset) {
      const known = heads.get(partition);
      const found =
        known && known.start <= offset ? known : await firstCommit(lake, partition, commitKey(partition, offset + 1));
      return found && offset < found.next ? found : undefined;
    },
    async append(commit) {
      const key = commitKey(commit.partition, commit.start);
      const body = Buffer.from(JSON.stringify({ ...commit, writer } satisfies Commit));
      const outcome = await lake.putIfAbsent(key, body);
      if (outcome === 'created' || body.equals(await lake.get(key))) {
        heads.set(commit.partition, commit);
        return 'committed';
      }
      heads.delete(commit.partition);
      return 'superseded';
    },
    forget: (partition) => void heads.delete(partition),
  };
}

/** A key below `commits/`, and the offset at which a commit of that name starts; undefined for what is no commit. */
export interface CommitObject extends ObjectInfo {
  readonly place: ChainPlace | undefined;
}

/**
 * Everything below `commits/`, partition by partition, each chain from its head back to its first commit.
 * @param startAfter a commit's key: only what comes behind it, which starts before it.
 */
export async function* listCommits(
  lake: ObjectStore,
  prefix = COMMIT_PREFIX,
  startAfter?: string,
): AsyncGenerator<CommitObject> {
  for await (const object of listAll(lake, prefix, startAfter)) {
    yield { ...object, place: parseCommitKey(object.key) };
  }
}

/** The key of the commit that starts at the offset. */
export const commitKey = (partition: number, start: number): string => chainKey(COMMIT_PREFIX, partition, start);

/** What a commit's key says; undefined when the key is no commit's. */
export const parseCommitKey = (key: string): ChainPlace | undefined => parseChainKey(COMMIT_PREFIX, key);

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

/** The first commit after the key in the order of names: the one with the largest start below it. */
async function firstCommit(lake: ObjectStore, partition: number, startAfter?: string): Promise<Commit | undefined> {
  const range = { prefix: `${COMMIT_PREFIX}${partition}/`, keysMax: 1 };
  const [object] = await lake.list(startAfter === undefined ? range : { ...range, startAfter });
  return object && readCommit(lake, object.key);
}
