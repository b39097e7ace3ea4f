/** Commits and data files as the sink leaves them, and the notifications about them. */
import type { Column } from '../../../pipeline/contract/column.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import type { ObjectStore, PendingLoad } from '../../../pipeline/ports.ts';
import { COMMIT_FORMAT, type Commit } from '../../../pipeline/sink/commit.ts';
import { commitKey } from '../../../pipeline/sink/commit-log.ts';
import { contentKey } from '../../../pipeline/sink/content-key.ts';

export const BUCKET = 'lake';
export const OFFSET: Column = { name: '_offset', type: { kind: 'int', bits: 64, signed: true }, nullable: false };

/** A row's identity, which every table has. */
export const PLACE: readonly Column[] = [
  { name: '_partition', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
  OFFSET,
];

/** The columns that tell where a row comes from and what it was made of. */
export const IDENTITY: readonly Column[] = [
  ...PLACE,
  { name: '_checksum', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
];
const CHECKSUM_SPREAD = 1_000_003;

/** As different from one row to the next, and as often negative, as CRC-32 is. */
export const checksumOf = (partition: number, offset: number): number =>
  (Math.imul(offset + 1, CHECKSUM_SPREAD) ^ (partition << 20)) * (offset % 2 ? -1 : 1);

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
  const partition = changes.partition ?? 0;
  const whole = rows.map(
    (row, index): Row => ({
      _partition: partition,
      _offset: start + index,
      _checksum: checksumOf(partition, start + index),
      ...row,
    }),
  );
  for (const row of whole) {
    const rejection = writer.appendRow(row);
    if (rejection) {
      throw new Error(`${rejection.path}: ${rejection.reason}`);
    }
  }
  // Another file each time, as no two windows of a sink are the same: tests share a warehouse that knows what it was given.
  const bytes = writer.finish({ test: String(Math.random()) });
  const key = contentKey(`data/${partition}-${start}-${start + rows.length - 1}`, 'parquet', bytes);
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
    checksum: whole.reduce((sum, row) => sum + Number(row['_checksum']), 0),
    rejected: null,
    gaps: [],
    schemaVersion: 1,
    timestamps: { min: 0, max: 0 },
    ends: { first: 0, last: 0 },
    eventTime: null,
    ...changes,
  };
  const name = commitKey(partition, start);
  await lake.put(name, Buffer.from(JSON.stringify(commit)));
  return { commitKey: name, commit };
}

export function notification(...keys: string[]): string {
  const eventTime = '2026-11-20T12:00:00.000Z';
  return JSON.stringify({
    Records: keys.map((key) => ({ eventTime, s3: { bucket: { name: BUCKET }, object: { key } } })),
  });
}
