/** What the lake of an event holds, as its commit chains say. */
import type { ObjectStore } from '../../pipeline/ports.ts';
import type { Commit } from '../../pipeline/sink/commit.ts';
import { listCommits, readCommit } from '../../pipeline/sink/commit-log.ts';

/** Reads commits as they appear; each is read once, because a commit never changes. */
export function lakeReader(lake: ObjectStore): () => Promise<readonly Commit[]> {
  const commits = new Map<string, Commit>();
  return async () => {
    for await (const { key, place } of listCommits(lake)) {
      if (!commits.has(key) && place) {
        commits.set(key, await readCommit(lake, key));
      }
    }
    return [...commits.values()];
  };
}
