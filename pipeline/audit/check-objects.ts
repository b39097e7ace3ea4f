/** Whether the objects that commits and compactions name are there, and which objects none of them names. */
import { DATA_PREFIX, REJECTED_PREFIX } from '../contract/names.ts';
import { listAll } from '../list-all.ts';
import type { ObjectInfo, ObjectStore, OffsetRange } from '../ports.ts';
import type { Chain } from './chain.ts';
import type { AuditedCompaction } from './check-compactions.ts';
import { type Fault, fault } from './fault.ts';
import { forEachAtOnce } from './for-each-at-once.ts';

/** An object of the lake that no record names. */
export interface Orphan extends ObjectInfo {
  /**
   * Whether no record can name it any more: the chain has passed its offsets. Until then somebody may be about to
   * commit it.
   */
  readonly isPassed: boolean;
}

export interface ObjectAudit {
  readonly faults: readonly Fault[];
  /** Keys that records name and that are not there. */
  readonly missing: ReadonlySet<string>;
  readonly orphans: readonly Orphan[];
}

/** What a record says of an object that it names. */
interface NamedObject {
  readonly bytes: number;
  readonly rows: number;
  readonly namedBy: string;
  readonly range: OffsetRange;
}

/** `<partition>-<first>-<last>-<hash>.<extension>`, in whatever folder; that of a compaction says so. */
const OBJECT_NAME = /(?:^|\/)(compacted-)?(\d+)-(\d+)-(\d+)-[0-9a-f]+\.(?:parquet|jsonl)$/;

const LOOKS_AT_ONCE = 16;

/**
 * Lists the lake once, or looks for each object of a window. Memory: the names of the objects that records name.
 * @param isWhole whether these are all records there are; only then is it known what is an orphan.
 */
export async function checkObjects(
  lake: ObjectStore,
  chains: readonly Chain[],
  compactions: readonly AuditedCompaction[],
  isWhole: boolean,
): Promise<ObjectAudit> {
  const named = new Map([...namedByCommits(chains), ...namedByCompactions(compactions)]);
  const isPassed = passedNames(chains, compactions);
  const faults: Fault[] = [];
  const orphans: Orphan[] = [];
  const compare = (object: ObjectInfo): void => {
    const expected = named.get(object.key);
    named.delete(object.key);
    if (expected && expected.bytes !== object.bytes) {
      faults.push(wrongObject('BAD_FILE', object.key, expected, `has ${object.bytes} bytes, not ${expected.bytes}`));
    } else if (!expected) {
      orphans.push({ ...object, isPassed: isPassed(object.key) });
    }
  };
  if (isWhole) {
    for (const prefix of [DATA_PREFIX, REJECTED_PREFIX]) {
      for await (const object of listAll(lake, prefix)) compare(object);
    }
  } else {
    await forEachAtOnce([...named.keys()], LOOKS_AT_ONCE, async (prefix) => {
      const [object] = await lake.list({ prefix, keysMax: 1 });
      if (object?.key === prefix) compare(object);
    });
  }
  for (const [key, expected] of named) {
    faults.push(wrongObject('MISSING_FILE', key, expected, 'is missing'));
  }
  return { faults, missing: new Set(named.keys()), orphans };
}

function* namedByCommits(chains: readonly Chain[]): Generator<[string, NamedObject]> {
  for (const { key: namedBy, commit } of chains.flatMap(({ commits }) => commits)) {
    const { partition, first, last, files, rejected } = commit;
    const range = { partition, first, next: last + 1 };
    for (const { key, bytes, rows } of files) {
      yield [key, { bytes, rows, namedBy, range }];
    }
    if (rejected) {
      yield [rejected.key, { bytes: rejected.bytes, rows: rejected.count, namedBy, range }];
    }
  }
}

/** The rows of a compaction's file are in the commits' files too: without it nothing is lost. */
function* namedByCompactions(compactions: readonly AuditedCompaction[]): Generator<[string, NamedObject]> {
  for (const { key: namedBy, compaction } of compactions) {
    const { partition, start, next, files } = compaction;
    for (const { key, bytes } of files.filter((file) => OBJECT_NAME.exec(file.key)?.[1] !== undefined)) {
      yield [key, { bytes, rows: 0, namedBy, range: { partition, first: start, next } }];
    }
  }
}

function passedNames(chains: readonly Chain[], compactions: readonly AuditedCompaction[]): (key: string) => boolean {
  const commitEnds = new Map(chains.map(({ partition, end }) => [partition, end]));
  const compactionEnds = new Map<number, number>();
  for (const { partition, next } of compactions.map(({ compaction }) => compaction)) {
    compactionEnds.set(partition, Math.max(compactionEnds.get(partition) ?? 0, next));
  }
  return (key) => {
    const [, compacted, partition, first] = OBJECT_NAME.exec(key) ?? [];
    const ends = compacted === undefined ? commitEnds : compactionEnds;
    return partition !== undefined && (ends.get(Number(partition)) ?? 0) > Number(first);
  };
}

function wrongObject(
  kind: 'MISSING_FILE' | 'BAD_FILE',
  key: string,
  { rows, namedBy, range }: NamedObject,
  reason: string,
): Fault {
  return fault(kind, `"${key}", which "${namedBy}" names, ${reason}`, { ...range, lost: rows });
}

/**
 * Deletes orphans that are older than the grace and that no record can name any more.
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
