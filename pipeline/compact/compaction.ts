/** A compaction: the record that lets fewer and larger files stand for those of a run of commits. */
import { COMPACTION_PREFIX } from '../contract/names.ts';
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { chainKey, parseChainKey } from '../sink/chain-key.ts';
import type { DataFile } from '../sink/commit.ts';

export const COMPACTION_FORMAT = 1;

/**
 * Compactions of a Kafka partition form a chain as its commits do: `start` is the `next` of the compaction before, or 0,
 * and both are bounds of commits. So a reader that takes the files of all compactions, and of the commits from the last
 * compaction's `next` on, sees each row once. The commits and their files stay as they are.
 */
export interface Compaction {
  readonly format: typeof COMPACTION_FORMAT;
  readonly event: string;
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly next: number;
  /** How many commits these files stand for. */
  readonly commits: number;
  /** Rows in `files`, which is the sum of the commits'. */
  readonly rows: number;
  /** The sum of the commits' checksums. */
  readonly checksum: number;
  /** A file that needed no merging is the commit's own. */
  readonly files: readonly DataFile[];
  /** The schema version on which all its rows are projected. */
  readonly schemaVersion: number;
}

export const compactionKey = (partition: number, start: number): string =>
  chainKey(COMPACTION_PREFIX, partition, start);

/** The last compaction of the partition; undefined when there is none. One LIST and one GET. */
export async function lastCompaction(lake: ObjectStore, partition: number): Promise<Compaction | undefined> {
  const [object] = await lake.list({ prefix: `${COMPACTION_PREFIX}${partition}/`, keysMax: 1 });
  return object && readCompaction(lake, object.key);
}

/** @throws UnknownFormatError when the object is no compaction, one of a newer format, or that of another key. */
export async function readCompaction(lake: ObjectStore, key: string): Promise<Compaction> {
  const compaction = parseJson(await lake.get(key));
  if (compaction?.format !== COMPACTION_FORMAT) {
    const reason = `it has format ${compaction?.format}, allowed is ${COMPACTION_FORMAT}; use the newer program`;
    throw new UnknownFormatError(`the compaction "${key}"`, reason);
  }
  const { partition, start } = parseChainKey(COMPACTION_PREFIX, key) ?? {};
  if (partition !== compaction.partition || start !== compaction.start) {
    throw new UnknownFormatError(`the compaction "${key}"`, 'its name says another place than its content');
  }
  return compaction as Compaction;
}

function parseJson(body: Uint8Array): Partial<Compaction> | null {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Partial<Compaction> | null;
  } catch {
    return null;
  }
}
