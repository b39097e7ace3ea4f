/** Whether the data files hold the rows of their commits. */
import type { ObjectStore } from '../ports.ts';
import type { Chain, ChainCommit } from './chain.ts';
import { type FileRow, readFileRows } from './commit-offsets.ts';
import { type Fault, fault } from './fault.ts';

/** Reads every file, one at a time. Memory: the largest file. Missing files are left to `checkObjects`. */
export async function checkFiles(
  lake: ObjectStore,
  chains: readonly Chain[],
  missing: ReadonlySet<string>,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const owner of chains.flatMap(({ commits }) => commits)) {
    faults.push(...(await checkCommitFiles(lake, owner, missing)));
  }
  return faults;
}

async function checkCommitFiles(
  lake: ObjectStore,
  { key: commitKey, commit }: ChainCommit,
  missing: ReadonlySet<string>,
): Promise<Fault[]> {
  const { partition, start, next } = commit;
  const files = commit.files.filter(({ key }) => !missing.has(key));
  const faults: Fault[] = [];
  const rows: FileRow[] = [];
  for (const { key, rows: expected } of files) {
    try {
      rows.push(...(await readFileRows(lake, key)));
    } catch (error) {
      const message = `"${key}" of the commit "${commitKey}" cannot be read: ${error instanceof Error ? error.message : error}`;
      faults.push(fault('BAD_FILE', message, { partition, first: start, next, lost: expected }));
    }
  }
  if (faults.length > 0 || files.length < commit.files.length) {
    return faults;
  }
  const strange = rows.filter((row) => row.partition !== partition || row.offset < start || row.offset >= next).length;
  const repeated = rows.length - new Set(rows.map(({ offset }) => offset)).size;
  const checksum = rows.reduce((sum, row) => sum + row.checksum, 0);
  if (rows.length === commit.rows && strange === 0 && repeated === 0 && checksum === commit.checksum) {
    return [];
  }
  const counts = `${rows.length} rows of ${commit.rows}, ${repeated} repeated, ${strange} of other offsets`;
  const message = `The files of "${commitKey}" are not what it says: ${counts}, checksum ${checksum} of ${commit.checksum}`;
  const lost = Math.max(commit.rows - rows.length + repeated + strange, repeated === 0 ? 1 : 0);
  return [fault('BAD_FILE', message, { partition, first: start, next, lost, duplicated: repeated })];
}
