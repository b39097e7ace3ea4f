/** Commits and data files as the sink leaves them, and the notifications about them. */
import type { Column } from '../../../pipeline/contract/column.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import type { ObjectStore, PendingLoad } from '../../../pipeline/ports.ts';
import { COMMIT_FORMAT, type Commit } from '../../../pipeline/sink/commit.ts';
import { commitKey } from '../../../pipeline/sink/commit-log.ts';

export const BUCKET = 'lake';
export const OFFSET: Column = { name: '_offset', type: { kind: 'int', bits: 64, signed: true }, nullable: false };

export type Row = Readonly<Record<string, unknown>>;

/** Rows become a file and a commit at `start`; `changes` makes the commit lie. */
export async function commitRows(
  lake: ObjectStore,
  columns: readonly Column[],
  start: number,
  rows: readonly Row[],
  changes: Partial<Commit> = {},
): Promise<PendingLoad> {
  const writer = new ParquetWriter(columns);
  for (const [index, row] of rows.entries()) {
    const rejection = writer.appendRow({ _offset: start + index, ...row });
    if (rejection) {
      throw new Error(`${rejection.path}: ${rejection.reason}`);
    }
  }
  const bytes = writer.finish();
  const partition = changes.partition ?? 0;
  const key = `data/${partition}-${start}-${Math.random()}.parquet`;
  await lake.put(key, bytes);
  const commit: Commit = {
    format: COMMIT_FORMAT,
    event: 'order_created',
    topic: 'order_created',
    partition,
    start,
    first: start,
    last: start + rows.length - 1,
    next: start + rows.length,
    rows: rows.length,
    files: [{ key, rows: rows.length, bytes: bytes.length }],
    rejected: null,
    gaps: [],
    schemaVersion: 1,
    eventTime: null,
    ...changes,
  };
  const name = commitKey(partition, start);
  await lake.put(name, Buffer.from(JSON.stringify(commit)));
  return { commitKey: name, commit };
}

export function notification(...keys: string[]): string {
  return JSON.stringify({ Records: keys.map((key) => ({ s3: { bucket: { name: BUCKET }, object: { key } } })) });
}
