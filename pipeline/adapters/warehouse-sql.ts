/** SQL that every remote warehouse understands, in its own spelling of names. */
import { type OffsetRange, type PendingLoad, PLACE_MODULUS, type WarehouseTable } from '../ports.ts';
import type { WarehouseDialect } from './warehouse-dialect.ts';

export interface Spelling {
  /** A quoted name. */
  identifier(name: string): string;
  /** A quoted text. */
  literal(text: string): string;
  /** The event's table. */
  table(table: WarehouseTable): string;
  /** Where the event's loads are remembered. */
  ledger(table: WarehouseTable): string;
}

/** The ledger's columns, in their order; those of 64 bits are offsets and counts. */
export const LEDGER_COLUMNS = [
  'event',
  'commit_key',
  'partition',
  'start_offset',
  'next_offset',
  'rows',
  'schema_version',
] as const;

/** `quoted("a", "b")` joined by commas. */
export const names = ({ identifier }: Spelling, ...list: readonly string[]): string => list.map(identifier).join(', ');

/** What is asked of every remote warehouse in the same words. */
export const readQueries = (spelling: Spelling) =>
  ({
    loadedKeys: (table, keys) => loadedKeys(spelling, table, keys),
    ledgerEntries: (table, ranges) => ledgerEntries(spelling, table, ranges),
    holes: (table, ranges) => holes(spelling, table, ranges),
    measures: (table, ranges) => measures(spelling, table, ranges),
    outside: (table, ranges) => outside(spelling, table, ranges),
    offsets: (table, range) => offsets(spelling, table, range),
  }) satisfies Partial<WarehouseDialect>;

function loadedKeys(spelling: Spelling, table: WarehouseTable, keys: readonly string[]): string {
  const { identifier, literal } = spelling;
  const wanted = keys.map(literal).join(', ');
  return `SELECT ${identifier('commit_key')} FROM ${spelling.ledger(table)}
WHERE ${identifier('event')} = ${literal(table.event)} AND ${identifier('commit_key')} IN (${wanted})`;
}

function ledgerEntries(spelling: Spelling, table: WarehouseTable, ranges: readonly OffsetRange[] | 'all'): string {
  const { identifier, literal } = spelling;
  return `SELECT ${names(spelling, 'commit_key', 'partition', 'start_offset', 'next_offset', 'rows')} FROM ${spelling.ledger(table)}
WHERE ${identifier('event')} = ${literal(table.event)} AND ${startsIn(spelling, ranges)}
ORDER BY ${names(spelling, 'partition', 'start_offset')}`;
}

/**
 * `part`, `low`, `high`: between the end of one entry and the start of the next; `high` is null behind the last. An
 * entry that ends where the range begins is added to each, so that a hole before the first entry is found too.
 */
export function holes(spelling: Spelling, table: WarehouseTable, ranges: readonly OffsetRange[]): string {
  const { identifier, literal } = spelling;
  const [partition, start, next] = ['partition', 'start_offset', 'next_offset'].map(identifier);
  const before = ranges.map((range) => `UNION ALL SELECT ${range.partition}, ${range.first - 1}, ${range.first}`);
  return `SELECT part, low, high FROM (
SELECT part, ends AS low, LEAD(begins) OVER (PARTITION BY part ORDER BY begins, ends) AS high FROM (
SELECT ${partition} AS part, ${start} AS begins, ${next} AS ends FROM ${spelling.ledger(table)}
WHERE ${identifier('event')} = ${literal(table.event)} AND ${startsIn(spelling, ranges)}
${before.join('\n')}) entries) pairs
WHERE high IS NULL OR high > low ORDER BY part, low`;
}

/** What `holes` answers; behind the last entry its range's own end is the hole's. */
export function holesOf(
  rows: ReadonlyArray<readonly unknown[]>,
  ranges: readonly OffsetRange[],
): readonly OffsetRange[] {
  const ends = new Map(ranges.map(({ partition, next }) => [partition, next]));
  return rows.map(([partition, first, next]) => ({
    partition: Number(partition),
    first: Number(first),
    next: Number(next ?? ends.get(Number(partition))),
  }));
}

/** One pass over the offsets that the ranges span; a row lies in one range at most. */
function measures(spelling: Spelling, table: WarehouseTable, ranges: readonly OffsetRange[]): string {
  const { identifier } = spelling;
  const branches = ranges.map((range, position) => `WHEN ${rowsIn(spelling, [range])} THEN ${position}`);
  return `SELECT pos, COUNT(*), COUNT(DISTINCT place), CAST(SUM(checksum) AS DECIMAL(38, 0)),
SUM(CAST(checksum * MOD(place, ${PLACE_MODULUS}) AS DECIMAL(38, 0)))
FROM (SELECT CASE ${branches.join('\n')} END AS pos,
${identifier('_offset')} AS place, CAST(${identifier('_checksum')} AS BIGINT) AS checksum
FROM ${spelling.table(table)} WHERE ${rowsIn(spelling, spans(ranges))}) measured
WHERE pos IS NOT NULL GROUP BY pos`;
}

/** A row without a partition or an offset lies in no range, and a condition on it is neither true nor false. */
function outside(spelling: Spelling, table: WarehouseTable, ranges: readonly OffsetRange[]): string {
  const [partition, offset] = ['_partition', '_offset'].map(spelling.identifier);
  return `SELECT ${partition}, COUNT(*), MIN(${offset}), MAX(${offset}) FROM ${spelling.table(table)}
WHERE CASE WHEN ${rowsIn(spelling, ranges)} THEN 0 ELSE 1 END = 1
GROUP BY ${partition} ORDER BY ${partition}`;
}

/** One range for each partition, around all of its ranges. */
function spans(ranges: readonly OffsetRange[]): OffsetRange[] {
  const partitions = Map.groupBy(ranges, ({ partition }) => partition);
  return [...partitions].map(([partition, own]) => ({
    partition,
    first: Math.min(...own.map(({ first }) => first)),
    next: Math.max(...own.map(({ next }) => next)),
  }));
}

function offsets(spelling: Spelling, table: WarehouseTable, range: OffsetRange): string {
  const offset = spelling.identifier('_offset');
  return `SELECT ${offset} FROM ${spelling.table(table)} WHERE ${rowsIn(spelling, [range])} ORDER BY ${offset}`;
}

/** A commit's values in the order of `LEDGER_COLUMNS`. */
export function ledgerValues(
  { literal }: Spelling,
  { event }: WarehouseTable,
  { commitKey, commit }: PendingLoad,
): string {
  const { partition, start, next, rows, schemaVersion } = commit;
  return `(${literal(event)}, ${literal(commitKey)}, ${[partition, start, next, rows, schemaVersion].join(', ')})`;
}

/** Joins rows `r` to commits `c`: a row belongs to the commit whose offsets it lies in. */
export function belongs({ identifier }: Spelling): string {
  const [partition, start, next] = ['partition', 'start_offset', 'next_offset'].map((name) => `c.${identifier(name)}`);
  const offset = `r.${identifier('_offset')}`;
  return `r.${identifier('_partition')} = ${partition} AND ${offset} >= ${start} AND ${offset} < ${next}`;
}

/** Commits whose files hold other rows than they count: `commit_key`, `found`, `counted`. */
export function miscounts(spelling: Spelling, commits: string, rows: string): string {
  const [key, counted] = ['commit_key', 'rows'].map((name) => `c.${spelling.identifier(name)}`);
  const found = `COUNT(r.${spelling.identifier('_offset')})`;
  return `SELECT ${key} AS commit_key, ${found} AS found, MAX(${counted}) AS counted
FROM ${commits} c LEFT JOIN ${rows} r ON ${belongs(spelling)}
GROUP BY ${key} HAVING ${found} <> MAX(${counted})`;
}

/** A condition that holds when the table of objections is empty. */
export const unless = (objections: string): string => `NOT EXISTS (SELECT 1 FROM ${objections})`;

/** A condition on the ledger: entries of commits that start in the ranges. */
export const startsIn = (spelling: Spelling, ranges: readonly OffsetRange[] | 'all'): string =>
  within(spelling, ranges, 'partition', 'start_offset');

/** A condition on a table: its rows in the ranges. */
export const rowsIn = (spelling: Spelling, ranges: readonly OffsetRange[] | 'all'): string =>
  within(spelling, ranges, '_partition', '_offset');

function within(
  { identifier }: Spelling,
  ranges: readonly OffsetRange[] | 'all',
  partitionColumn: string,
  offsetColumn: string,
): string {
  if (ranges === 'all') {
    return '1 = 1';
  }
  const [partition, offset] = [identifier(partitionColumn), identifier(offsetColumn)];
  const conditions = ranges.map(
    (range) => `(${partition} = ${range.partition} AND ${offset} >= ${range.first} AND ${offset} < ${range.next})`,
  );
  return conditions.length === 0 ? '1 = 0' : `(${conditions.join(' OR ')})`;
}
