/** What the lake of an event holds, as its commit chains say. */
import { COMMIT_PREFIX } from '../../pipeline/contract/names.ts';
import type { ObjectStore } from '../../pipeline/ports.ts';
import type { Commit } from '../../pipeline/sink/commit.ts';
import { parseCommitKey, readCommit } from '../../pipeline/sink/commit-log.ts';

const KEYS_PER_PAGE = 1_000;

/** Reads commits as they appear; each is read once, because a commit never changes. */
export function lakeReader(lake: ObjectStore): () => Promise<readonly Commit[]> {
  const commits = new Map<string, Commit>();
  return async () => {
    for (const key of await listAll(lake, COMMIT_PREFIX)) {
      if (!commits.has(key) && parseCommitKey(key)) {
        commits.set(key, await readCommit(lake, key));
      }
    }
    return [...commits.values()];
  };
}

async function listAll(lake: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (;;) {
    const last = keys.at(-1);
    const range = { prefix, keysMax: KEYS_PER_PAGE };
    const page = await lake.list(last === undefined ? range : { ...range, startAfter: last });
    keys.push(...page);
    if (page.length < KEYS_PER_PAGE) {
      return keys;
    }
  }
}
