/** Whether the data files hold the rows that commits and compactions say. */
import type { ObjectStore } from '../ports.ts';
import type { DataFile } from '../sink/commit.ts';
import type { Chain } from './chain.ts';
import type { AuditedCompaction } from './check-compactions.ts';
import { readFileRows } from './commit-offsets.ts';
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

/** Reads every file, one at a time. Memory: the largest file, and the offsets of one commit. */
export async function checkFiles(
  lake: ObjectStore,
  chains: readonly Chain[],
  compactions: readonly AuditedCompaction[],
  missing: ReadonlySet<string>,
): Promise<Fault[]> {
  const records: Files[] = [
    ...chains.flatMap(({ commits }) => commits.map(({ key, commit }) => ({ ...commit, key }))),
    ...compactions.map(({ key, compaction }) => ({ ...compaction, key })),
  ];
  const faults: Fault[] = [];
  for (const record of records.filter(({ files }) => !files.some(({ key }) => missing.has(key)))) {
    faults.push(...(await checkRecord(lake, record)));
  }
  return faults;
}

async function checkRecord(
  lake: ObjectStore,
  { key: recordKey, partition, start, next, rows, checksum, files }: Files,
): Promise<Fault[]> {
  const range = { partition, first: start, next };
  const offsets = new Set<number>();
  const found = { rows: 0, checksum: 0, strange: 0 };
  for (const { key, rows: expected } of files) {
    try {
      for (const row of await readFileRows(lake, key)) {
        const isStrange = row.partition !== partition || row.offset < start || row.offset >= next;
        offsets.add(row.offset);
        found.rows++;
        found.checksum += row.checksum;
        found.strange += isStrange ? 1 : 0;
      }
    } catch (error) {
      const message = `"${key}", which "${recordKey}" names, cannot be read: ${unreadable(error)}`;
      return [fault('BAD_FILE', message, { ...range, lost: expected })];
    }
  }
  const repeated = found.rows - offsets.size;
  if (found.rows === rows && found.strange === 0 && repeated === 0 && found.checksum === checksum) {
    return [];
  }
  const counts = `${found.rows} rows of ${rows}, ${repeated} repeated, ${found.strange} of other offsets`;
  const message = `The files of "${recordKey}" are not what it says: ${counts}, checksum ${found.checksum} of ${checksum}`;
  // A value that differs is one record at least.
  const lost = Math.max(rows - found.rows + repeated + found.strange, repeated > 0 ? 0 : 1);
  return [fault('BAD_FILE', message, { ...range, lost, duplicated: repeated })];
}
