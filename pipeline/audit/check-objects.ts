/** Whether the objects that commits name are there, and which objects no commit names. */
import { DATA_PREFIX, REJECTED_PREFIX } from '../contract/names.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import type { Chain, ChainCommit } from './chain.ts';
import { type Fault, fault } from './fault.ts';

/** An object of the lake that no commit names. */
export interface Orphan extends ObjectInfo {
  /**
   * Whether no commit can name it any more: the chain has passed its offsets. Until then a sink may be about to commit
   * it.
   */
  readonly isPassed: boolean;
}

export interface ObjectAudit {
  readonly faults: readonly Fault[];
  /** Keys that commits name and that are not there. */
  readonly missing: ReadonlySet<string>;
  readonly orphans: readonly Orphan[];
}

/** `<partition>-<first>-<last>-<hash>.<extension>`, in whatever folder. */
const OBJECT_NAME = /(?:^|\/)(\d+)-(\d+)-(\d+)-[0-9a-f]+\.(?:parquet|jsonl)$/;
const KEYS_PER_PAGE = 1_000;

interface Named {
  readonly bytes: number;
  readonly rows: number;
  readonly owner: ChainCommit;
}

/**
 * Lists the lake once. Memory: the names of the commits' objects.
 * @param isWhole whether `chains` hold all commits there are; only then is it known what is an orphan.
 */
export async function checkObjects(
  lake: ObjectStore,
  chains: readonly Chain[],
  isWhole: boolean,
): Promise<ObjectAudit> {
  const named = namedObjects(chains);
  const ends = new Map(chains.map(({ partition, end }) => [partition, end]));
  const faults: Fault[] = [];
  const orphans: Orphan[] = [];
  for (const prefix of [DATA_PREFIX, REJECTED_PREFIX]) {
    for await (const object of listAll(lake, prefix)) {
      const expected = named.get(object.key);
      named.delete(object.key);
      if (expected && expected.bytes !== object.bytes) {
        faults.push(wrongObject('BAD_FILE', object.key, expected, `has ${object.bytes} bytes, not ${expected.bytes}`));
      } else if (!expected && isWhole) {
        orphans.push({ ...object, isPassed: isPassed(object.key, ends) });
      }
    }
  }
  for (const [key, expected] of named) {
    faults.push(wrongObject('MISSING_FILE', key, expected, 'is missing'));
  }
  return { faults, missing: new Set(named.keys()), orphans };
}

function namedObjects(chains: readonly Chain[]): Map<string, Named> {
  const named = new Map<string, Named>();
  for (const owner of chains.flatMap(({ commits }) => commits)) {
    const { files, rejected } = owner.commit;
    for (const { key, bytes, rows } of files) {
      named.set(key, { bytes, rows, owner });
    }
    if (rejected) {
      named.set(rejected.key, { bytes: rejected.bytes, rows: rejected.count, owner });
    }
  }
  return named;
}

function wrongObject(
  kind: 'MISSING_FILE' | 'BAD_FILE',
  key: string,
  { rows, owner: { key: commitKey, commit } }: Named,
  reason: string,
): Fault {
  const { partition, first, last } = commit;
  const message = `"${key}" of the commit "${commitKey}" ${reason}`;
  return fault(kind, message, { partition, first, next: last + 1, lost: rows });
}

function isPassed(key: string, ends: ReadonlyMap<number, number>): boolean {
  const [, partition, first] = OBJECT_NAME.exec(key) ?? [];
  return partition !== undefined && (ends.get(Number(partition)) ?? 0) > Number(first);
}

async function* listAll(lake: ObjectStore, prefix: string): AsyncGenerator<ObjectInfo> {
  let startAfter: string | undefined;
  for (;;) {
    const range = { prefix, keysMax: KEYS_PER_PAGE };
    const page = await lake.list(startAfter === undefined ? range : { ...range, startAfter });
    yield* page;
    startAfter = page.at(-1)?.key;
    if (page.length < KEYS_PER_PAGE) {
      return;
    }
  }
}

/**
 * Deletes orphans that are older than the grace and that no commit can name any more.
 * @param olderThan milliseconds since the epoch.
 * @returns those that were deleted.
 */
export async function removeOrphans(
  lake: ObjectStore,
  orphans: readonly Orphan[],
  olderThan: number,
): Promise<readonly Orphan[]> {
  const removable = orphans.filter(({ isPassed, modifiedAt }) => isPassed && modifiedAt < olderThan);
  for (const { key } of removable) {
    await lake.delete(key);
  }
  return removable;
}
