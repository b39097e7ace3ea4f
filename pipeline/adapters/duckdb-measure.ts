/** What a table of a DuckDB warehouse holds: the numbers that an audit compares. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import {
  type LedgerEntry,
  type OffsetRange,
  type OutsideRows,
  PLACE_MODULUS,
  type RangeMeasure,
  type WarehouseTable,
} from '../ports.ts';
import { hasLedger, hasTable } from './duckdb-table.ts';
import { identifier, text } from './duckdb-types.ts';
import { holes, holesOf, type Spelling } from './warehouse-sql.ts';

const SPELLING: Spelling = {
  identifier,
  literal: text,
  table: ({ table }) => identifier(table),
  ledger: () => LOAD_LEDGER,
};

/** One JSON parameter for any number of ranges. */
const RANGES =
  'unnest(from_json($1, \'[{"position": "INTEGER", "partition": "INTEGER", "first": "BIGINT", "next": "BIGINT"}]\'), recursive := true)';

export const NOTHING_MEASURED: RangeMeasure = { rows: 0, offsets: 0, checksum: 0n, placed: 0n };

export async function readLedger(
  connection: DuckDBConnection,
  { event }: WarehouseTable,
  ranges: readonly OffsetRange[] | 'all',
): Promise<LedgerEntry[]> {
  if (!(await hasLedger(connection))) {
    return [];
  }
  const result = await connection.runAndReadAll(
    `SELECT commit_key, partition, start_offset, next_offset, rows
     FROM ${LOAD_LEDGER} WHERE event = $1 AND ${startsIn(ranges)} ORDER BY partition, start_offset`,
    [event],
  );
  return result.getRows().map(([commitKey, partition, start, next, rows]) => ({
    commitKey: String(commitKey),
    partition: Number(partition),
    start: Number(start),
    next: Number(next),
    rows: Number(rows),
  }));
}

export async function readHoles(
  connection: DuckDBConnection,
  table: WarehouseTable,
  ranges: readonly OffsetRange[],
): Promise<readonly OffsetRange[]> {
  if (ranges.length === 0 || !(await hasLedger(connection))) {
    return ranges;
  }
  return holesOf((await connection.runAndReadAll(holes(SPELLING, table, ranges))).getRows(), ranges);
}

/** One pass over the table: each row is joined to the one range that begins last before it. */
export async function measureRanges(
  connection: DuckDBConnection,
  { table }: WarehouseTable,
  ranges: readonly OffsetRange[],
): Promise<RangeMeasure[]> {
  const measures = ranges.map(() => NOTHING_MEASURED);
  if (ranges.length === 0 || !(await hasTable(connection, table))) {
    return measures;
  }
  const result = await connection.runAndReadAll(
    `SELECT position, count(*), count(DISTINCT _offset), coalesce(sum(_checksum), 0),
       coalesce(sum(_checksum::BIGINT * (_offset % ${PLACE_MODULUS})), 0)
     FROM ${identifier(table)} AS held ASOF JOIN (SELECT ${RANGES}) AS ranges
       ON held._partition = ranges.partition AND held._offset >= ranges.first
     WHERE _offset < next GROUP BY position`,
    [JSON.stringify(ranges.map((range, position) => ({ position, ...range })))],
  );
  for (const [position, rows, offsets, ...sums] of result.getRows()) {
    const [checksum = 0n, placed = 0n] = sums.map((sum) => BigInt(String(sum)));
    measures[Number(position)] = { rows: Number(rows), offsets: Number(offsets), checksum, placed };
  }
  return measures;
}

export async function rowsOutside(
  connection: DuckDBConnection,
  { table }: WarehouseTable,
  ranges: readonly OffsetRange[],
): Promise<OutsideRows[]> {
  if (!(await hasTable(connection, table))) {
    return [];
  }
  const inside = within(ranges, '_partition', '_offset');
  const result = await connection.runAndReadAll(
    `SELECT _partition, count(*), min(_offset), max(_offset) FROM ${identifier(table)}
     WHERE (${inside}) IS NOT TRUE GROUP BY _partition ORDER BY _partition`,
  );
  const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value));
  return result.getRows().map(([partition, rows, first, last]) => ({
    partition: numberOrNull(partition),
    rows: Number(rows),
    first: numberOrNull(first),
    last: numberOrNull(last),
  }));
}

export async function readOffsets(
  connection: DuckDBConnection,
  { table }: WarehouseTable,
  { partition, first, next }: OffsetRange,
): Promise<number[]> {
  if (!(await hasTable(connection, table))) {
    return [];
  }
  const result = await connection.runAndReadAll(
    `SELECT _offset FROM ${identifier(table)} WHERE _partition = $1 AND _offset >= $2 AND _offset < $3 ORDER BY _offset`,
    [partition, BigInt(first), BigInt(next)],
  );
  return result.getRows().map(([offset]) => Number(offset));
}

/** A condition on the ledger: entries of commits that start in the ranges. */
export const startsIn = (ranges: readonly OffsetRange[] | 'all'): string =>
  ranges === 'all' ? 'true' : within(ranges, 'partition', 'start_offset');

function within(ranges: readonly OffsetRange[], partitionColumn: string, offsetColumn: string): string {
  const conditions = ranges.map(
    ({ partition, first, next }) =>
      `(${partitionColumn} = ${partition} AND ${offsetColumn} >= ${first} AND ${offsetColumn} < ${next})`,
  );
  return `(${['false', ...conditions].join(' OR ')})`;
}
