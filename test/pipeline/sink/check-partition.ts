/** Whether a lake holds the records of a Kafka partition, each once, and says the truth about them. */
import { crc32 } from 'node:zlib';
import { lakeParts } from '../../../pipeline/compact/lake-files.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import type { Commit } from '../../../pipeline/sink/commit.ts';
import type { MemoryObjectStore } from '../ports/memory-object-store.ts';
import { commitsOf, lettersOf, rowsOf } from './lake-contents.ts';

const checksumOf = ({ value }: KafkaRecord): number => crc32(value ?? '') | 0;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

/** @param high where the chain ends: offsets at the end that will have no record are committed too. */
export async function checkPartition(
  lake: MemoryObjectStore,
  partition: number,
  records: readonly KafkaRecord[],
  high: number,
): Promise<void> {
  let next = 0;
  const rowOffsets: number[] = [];
  for (const commit of commitsOf(lake.objects, partition)) {
    expect(commit.start).toBe(next);
    expect(commit.next).toBeGreaterThan(next);
    next = commit.next;
    const own = records.filter(({ offset }) => offset >= commit.start && offset < commit.next);
    rowOffsets.push(...(await checkCommit(lake, commit, own)));
  }
  expect(next).toBe(high);
  const seen: number[] = [];
  for await (const part of lakeParts(lake, partition)) {
    const rows = await rowsOf(lake.objects, part);
    seen.push(...rows.map((row) => Number(row['_offset'])));
  }
  expect(ascending(seen)).toEqual(rowOffsets);
}

/** @returns the offsets of its rows. */
async function checkCommit(
  lake: MemoryObjectStore,
  commit: Commit,
  records: readonly KafkaRecord[],
): Promise<number[]> {
  const rows = await rowsOf(lake.objects, commit);
  const letters = lettersOf(lake.objects, commit);
  const rowOffsets = ascending(rows.map((row) => Number(row['_offset'])));
  const letterOffsets = letters.map(({ offset }) => offset);
  const offsets = records.map(({ offset }) => offset);
  expect(ascending([...rowOffsets, ...letterOffsets])).toEqual(offsets);
  expect(gapOffsets(commit)).toEqual(
    Array.from({ length: commit.next - commit.start }, (_, index) => commit.start + index).filter(
      (offset) => !offsets.includes(offset),
    ),
  );
  const isRow = new Set(rowOffsets);
  const times = records.map(({ timestamp }) => timestamp);
  expect(commit).toMatchObject({
    rows: rowOffsets.length,
    checksum: sum(records.filter(({ offset }) => isRow.has(offset)).map(checksumOf)),
  });
  const [first, last] = [records[0], records.at(-1)];
  if (first && last) {
    expect(commit).toMatchObject({
      first: first.offset,
      last: last.offset,
      timestamps: { min: Math.min(...times), max: Math.max(...times) },
      ends: { first: checksumOf(first), last: checksumOf(last) },
    });
  } else {
    expect(commit).toMatchObject({ files: [], rejected: null, eventTime: null });
  }
  expect([commit.rejected?.count ?? 0, commit.rejected?.checksum ?? 0]).toEqual([
    letters.length,
    sum(records.filter(({ offset }) => !isRow.has(offset)).map(checksumOf)),
  ]);
  for (const row of rows) {
    expect(row['order_id']).toBe(`o-${commit.partition}-${row['_offset']}`);
  }
  return rowOffsets;
}

const gapOffsets = ({ gaps }: Commit): number[] =>
  gaps.flatMap(({ first, next }) => Array.from({ length: next - first }, (_, index) => first + index));
