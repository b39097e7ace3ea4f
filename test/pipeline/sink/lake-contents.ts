/** What the commits of a lake say is in it, read by hyparquet. */
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Commit } from '../../../pipeline/sink/commit.ts';
import type { DeadLetterLine } from '../../../pipeline/sink/dead-letter.ts';

type Objects = ReadonlyMap<string, Uint8Array>;

/** The partition's commits, in the order of their offsets. */
export function commitsOf(objects: Objects, partition = 0): Commit[] {
  const commits = [...objects].filter(([key]) => key.startsWith(`commits/${partition}/`));
  return commits
    .map(([, body]) => JSON.parse(Buffer.from(body).toString()) as Commit)
    .sort((a, b) => a.start - b.start);
}

export async function rowsOf(objects: Objects, commit: Pick<Commit, 'files'>): Promise<Array<Record<string, unknown>>> {
  const rows: Array<Record<string, unknown>> = [];
  for (const { key } of commit.files) {
    const body = Uint8Array.from(objects.get(key) ?? []);
    rows.push(...(await parquetReadObjects({ file: body.buffer, compressors })));
  }
  return rows;
}

export function lettersOf(objects: Objects, commit: Commit): DeadLetterLine[] {
  const body = commit.rejected ? Buffer.from(objects.get(commit.rejected.key) ?? []).toString() : '';
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DeadLetterLine);
}
