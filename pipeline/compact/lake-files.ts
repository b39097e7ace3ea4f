/** Which files hold the rows of a lake, each row once. */
import { COMMIT_PREFIX, COMPACTION_PREFIX } from '../contract/names.ts';
import { listAll } from '../list-all.ts';
import type { ObjectStore } from '../ports.ts';
import type { DataFile } from '../sink/commit.ts';
import { listCommits, readCommit } from '../sink/commit-log.ts';
import { lastCompaction, readCompaction } from './compaction.ts';

/** The files of a compaction or of a commit, which cover the offsets from `start` to before `next`. */
export interface LakePart {
  readonly start: number;
  readonly next: number;
  readonly schemaVersion: number;
  readonly files: readonly DataFile[];
}

/**
 * Of one Kafka partition, the newest first: commits back to where compactions end, then the compactions. What is
 * committed or compacted meanwhile is not seen.
 */
export async function* lakeParts(lake: ObjectStore, partition: number): AsyncGenerator<LakePart> {
  const compacted = (await lastCompaction(lake, partition))?.next ?? 0;
  for await (const { key, place } of listCommits(lake, `${COMMIT_PREFIX}${partition}/`)) {
    if (place && place.start >= compacted) {
      yield await readCommit(lake, key);
    } else if (place) {
      break;
    }
  }
  const prefix = `${COMPACTION_PREFIX}${partition}/`;
  for await (const { key } of listAll(lake, prefix)) {
    const compaction = await readCompaction(lake, key);
    if (compaction.start < compacted) {
      yield compaction;
    }
  }
}
