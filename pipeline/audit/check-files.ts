/** Whether data files and dead letters are what was written, and hold what commits and compactions say. */
import { letterRecord } from '../dead-letters/letter.ts';
import { readDeadLetters } from '../dead-letters/read-dead-letters.ts';
import type { ObjectStore } from '../ports.ts';
import type { DataFile, RejectedObject } from '../sink/commit.ts';
import { valueChecksum } from '../sink/record-reader.ts';
import type { Chain, ChainCommit } from './chain.ts';
import type { AuditedCompaction } from './check-compactions.ts';
import { placedChecksum, readFileRows } from './commit-offsets.ts';
import { type Fault, fault } from './fault.ts';
import { unreadable } from './unreadable.ts';

/** A commit or a compaction: what its files must add up to. */
interface Files {
  readonly key: string;
  readonly partition: number;
  readonly start: number;
  readonly next: number;
  readonly rows: number;
  readonly checksum: number;
  readonly files: readonly DataFile[];
}

export interface FileAudit {
  readonly faults: readonly Fault[];
  /** The sum of `placedChecksum` of the rows of each commit whose files are as they should be, by the commit's key. */
  readonly placed: ReadonlyMap<string, bigint>;
}

/** Reads every object, one at a time. Memory: the largest file, and the offsets of one commit. */
export async function checkFiles(
  lake: ObjectStore,
  chains: readonly Chain[],
  compactions: readonly AuditedCompaction[],
  missing: ReadonlySet<string>,
): Promise<FileAudit> {
  const records: Files[] = [
    ...chains.flatMap(({ commits }) => commits.map(({ key, commit }) => ({ ...commit, key }))),
    ...compactions.map(({ key, compaction }) => ({ ...compaction, key })),
  ];
  const faults: Fault[] = [];
  const placed = new Map<string, bigint>();
  for (const record of records.filter(({ files }) => !files.some(({ key }) => missing.has(key)))) {
    const found = await checkRecord(lake, record);
    if (typeof found === 'bigint') {
      placed.set(record.key, found);
    } else {
      faults.push(...found);
    }
  }
  for (const owner of chains.flatMap(({ commits }) => commits)) {
    const { rejected } = owner.commit;
    faults.push(...(rejected && !missing.has(rejected.key) ? await checkLetters(lake, owner, rejected) : []));
  }
  return { faults, placed };
}

/** @returns the sum of the rows' `placedChecksum`, or what is wrong. */
async function checkRecord(
  lake: ObjectStore,
  { key: recordKey, partition, start, next, rows, checksum, files }: Files,
): Promise<bigint | Fault[]> {
  const range = { partition, first: start, next };
  const offsets = new Set<number>();
  const found = { rows: 0, checksum: 0, placed: 0n, strange: 0 };
  for (const { key, rows: expected } of files) {
    try {
      for (const row of await readFileRows(lake, key)) {
        const isStrange = row.partition !== partition || row.offset < start || row.offset >= next;
        offsets.add(row.offset);
        found.rows++;
        found.checksum += row.checksum;
        found.placed += placedChecksum(row.offset, row.checksum);
        found.strange += isStrange ? 1 : 0;
      }
    } catch (error) {
      const message = `"${key}", which "${recordKey}" names, cannot be read: ${unreadable(error)}`;
      return [fault('BAD_FILE', message, { ...range, lost: expected })];
    }
  }
  const repeated = found.rows - offsets.size;
  if (found.rows === rows && found.strange === 0 && repeated === 0 && found.checksum === checksum) {
    return found.placed;
  }
  const counts = `${found.rows} rows of ${rows}, ${repeated} repeated, ${found.strange} of other offsets`;
  const message = `The files of "${recordKey}" are not what it says: ${counts}, checksum ${found.checksum} of ${checksum}`;
  // A value that differs is one record at least.
  const lost = Math.max(rows - found.rows + repeated + found.strange, repeated > 0 ? 0 : 1);
  return [fault('BAD_FILE', message, { ...range, lost, duplicated: repeated })];
}

async function checkLetters(
  lake: ObjectStore,
  { key: recordKey, commit }: ChainCommit,
  { key, count, checksum }: RejectedObject,
): Promise<Fault[]> {
  const { partition, start: first, next } = commit;
  const bad = (reason: string, lost: number): Fault[] => [
    fault('BAD_FILE', `"${key}", which "${recordKey}" names, ${reason}`, { partition, first, next, lost }),
  ];
  try {
    const letters = await readDeadLetters(lake, key);
    const sum = letters.reduce((total, letter) => total + valueChecksum(letterRecord(letter)), 0);
    const counts = `${letters.length} dead letters of ${count}, checksum ${sum} of ${checksum}`;
    const isSame = letters.length === count && sum === checksum;
    return isSame ? [] : bad(`is not what it says: ${counts}`, Math.max(count - letters.length, 1));
  } catch (error) {
    return bad(`cannot be read: ${unreadable(error)}`, count);
  }
}
