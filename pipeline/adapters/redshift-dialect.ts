/** Redshift's SQL for loading commits, and for looking after a table. */
import { createHash } from 'node:crypto';
import type { Column } from '../contract/column.ts';
import { LOAD_LEDGER, MANIFEST_PREFIX } from '../contract/names.ts';
import type { ObjectStore, OffsetRange, PendingLoad, WarehouseTable } from '../ports.ts';
import { identifier, isNested, NAME_BYTES_MAX, redshiftColumn, spell } from './redshift-types.ts';
import type { Step, WarehouseDialect } from './warehouse-dialect.ts';
import { checkNames } from './warehouse-names.ts';
import {
  belongs,
  LEDGER_COLUMNS,
  ledgerEntries,
  ledgerValues,
  loadedKeys,
  measures,
  miscounts,
  offsets,
  outside,
  rowsIn,
  type Spelling,
  startsIn,
  unless,
} from './warehouse-sql.ts';

export interface RedshiftLake {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** The role that COPY reads the bucket with, or `default` for the namespace's own. */
  readonly copyRoleArn: string;
}

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const SPELLING: Spelling = {
  identifier,
  literal,
  table: ({ table }) => identifier(table),
  ledger: () => LOAD_LEDGER,
};

/** A batch has at most 40 statements, a statement 100 KB, and its name 500 characters: each commit takes eleven. */
const COMMITS_MAX = 35;

/** What is new of the commits of a load, and what COPY read. They live as long as the session. */
const COMMITS = 'headrace_commits';
const ROWS = 'headrace_rows';
const MISCOUNTS = 'headrace_miscounts';
const MISSING = 'headrace_missing';

const LEDGER_DECLARATION = `${identifier('event')} VARCHAR(256) NOT NULL, ${identifier('commit_key')} VARCHAR(256) NOT NULL,
${identifier('partition')} INTEGER NOT NULL, ${identifier('start_offset')} BIGINT NOT NULL,
${identifier('next_offset')} BIGINT NOT NULL, ${identifier('rows')} BIGINT NOT NULL,
${identifier('schema_version')} INTEGER NOT NULL`;

export function redshiftDialect(lake: RedshiftLake): WarehouseDialect {
  return {
    name: 'Redshift',
    commitsMax: COMMITS_MAX,
    spell,
    checkNames: (table) => checkNames(table, { warehouse: 'Redshift', nameBytesMax: NAME_BYTES_MAX, spell }),
    createSteps,
    addColumnSteps,
    columnNames,
    loadSteps: (table, loads) => loadSteps(lake, table, loads),
    loadedKeys: (table, keys) => loadedKeys(SPELLING, table, keys),
    ledgerEntries: (table, ranges) => ledgerEntries(SPELLING, table, ranges),
    measures: (table, ranges) => measures(SPELLING, table, ranges),
    outside: (table, ranges) => outside(SPELLING, table, ranges),
    offsets: (table, range) => offsets(SPELLING, table, range),
    replaceSteps,
    dropSteps,
  };
}

/** Nobody reads it: LOCK shuts out readers too, and the table's own readers must not wait for loads. */
const lockTable = ({ event }: WarehouseTable): string => `headrace.${identifier(`lock_${event}`)}`;

function createSteps(table: WarehouseTable): Step[] {
  const columns = table.columns.map((column) => `${identifier(column.name)} ${redshiftColumn(column).declared}`);
  return [
    { statements: ['CREATE SCHEMA IF NOT EXISTS headrace'] },
    {
      statements: [
        `CREATE TABLE IF NOT EXISTS ${LOAD_LEDGER} (${LEDGER_DECLARATION},
${identifier('loaded_at')} TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
        `CREATE TABLE IF NOT EXISTS ${lockTable(table)} (${identifier('nothing')} INTEGER)`,
        `CREATE TABLE IF NOT EXISTS ${SPELLING.table(table)} (${columns.join(', ')})`,
      ],
    },
  ];
}

/** Redshift adds one column at a time. */
function addColumnSteps(table: WarehouseTable, columns: readonly Column[]): Step[] {
  return columns.map((column) => ({
    statements: [
      `ALTER TABLE ${SPELLING.table(table)} ADD COLUMN ${identifier(column.name)} ${redshiftColumn(column).declared}`,
    ],
  }));
}

function columnNames(event: WarehouseTable, of: 'rows' | 'ledger'): string {
  const [schema, table] =
    of === 'ledger' ? LOAD_LEDGER.split('.').map(literal) : ['CURRENT_SCHEMA()', literal(spell(event.table))];
  return `SELECT column_name FROM information_schema.columns WHERE table_schema = ${schema} AND table_name = ${table}`;
}

/**
 * One transaction. LOCK is first, because the transaction's snapshot is taken at its first query: whoever waited for
 * the lock sees the ledger as the one before left it. Rows are staged because COPY cannot be made conditional, and
 * casts nothing.
 */
async function loadSteps(lake: RedshiftLake, table: WarehouseTable, loads: readonly PendingLoad[]): Promise<Step[]> {
  const manifest = await writeManifest(lake, loads);
  const staged = table.columns.map((column) => `${identifier(column.name)} ${redshiftColumn(column).staged}`);
  return [
    {
      statements: [
        `LOCK TABLE ${lockTable(table)}`,
        `CREATE TEMPORARY TABLE ${COMMITS} (${LEDGER_DECLARATION})`,
        `INSERT INTO ${COMMITS} VALUES\n${loads.map((load) => ledgerValues(SPELLING, table, load)).join(',\n')}`,
        `DELETE FROM ${COMMITS} WHERE ${identifier('commit_key')} IN (
SELECT ${identifier('commit_key')} FROM ${LOAD_LEDGER} WHERE ${identifier('event')} = ${literal(table.event)})`,
        `CREATE TEMPORARY TABLE ${ROWS} (${staged.join(', ')})`,
        ...(manifest ? [copyStatement(lake, table, manifest)] : []),
        `CREATE TEMPORARY TABLE ${MISCOUNTS} AS ${miscounts(SPELLING, COMMITS, ROWS)}`,
        insertRows(table),
        `INSERT INTO ${LOAD_LEDGER} (${LEDGER_COLUMNS.map(identifier).join(', ')})
SELECT ${LEDGER_COLUMNS.map(identifier).join(', ')} FROM ${COMMITS} WHERE ${unless(MISCOUNTS)}`,
        `SELECT commit_key, found, counted FROM ${MISCOUNTS} ORDER BY commit_key`,
        `DROP TABLE ${COMMITS}, ${ROWS}, ${MISCOUNTS}`,
      ],
      objects: 'miscounts',
    },
  ];
}

/** The files by name and size, or nothing when the commits have none. */
async function writeManifest(
  { store, bucket }: RedshiftLake,
  loads: readonly PendingLoad[],
): Promise<string | undefined> {
  const files = loads.flatMap(({ commit }) => commit.files);
  if (files.length === 0) {
    return undefined;
  }
  const entries = files.map(({ key, bytes }) => ({
    url: `s3://${bucket}/${key}`,
    mandatory: true,
    // Required for Parquet ("Using a manifest to specify data files").
    meta: { content_length: bytes },
  }));
  const body = Buffer.from(JSON.stringify({ entries }));
  const key = `${MANIFEST_PREFIX}${createHash('sha256').update(body).digest('hex')}.json`;
  await store.put(key, body);
  return `s3://${bucket}/${key}`;
}

/** By position: files of older schema versions end earlier, and FILLRECORD makes their last columns null. */
function copyStatement({ copyRoleArn }: RedshiftLake, { columns }: WarehouseTable, manifest: string): string {
  const role = copyRoleArn === 'default' ? 'default' : literal(copyRoleArn);
  const nested = columns.some(isNested) ? ' SERIALIZETOJSON' : '';
  return `COPY ${ROWS} (${columns.map(({ name }) => identifier(name)).join(', ')})
FROM ${literal(manifest)} IAM_ROLE ${role} FORMAT AS PARQUET${nested} MANIFEST FILLRECORD STATUPDATE OFF`;
}

function insertRows(table: WarehouseTable): string {
  const values = table.columns.map((column) => redshiftColumn(column).value(`r.${identifier(column.name)}`));
  return `INSERT INTO ${SPELLING.table(table)} (${table.columns.map(({ name }) => identifier(name)).join(', ')})
SELECT ${values.join(', ')}
FROM ${ROWS} r JOIN ${COMMITS} c ON ${belongs(SPELLING)} WHERE ${unless(MISCOUNTS)}`;
}

/** Both locks at once and in one order, so that two such transactions cannot wait for each other. */
function replaceSteps(table: WarehouseTable, shadow: WarehouseTable, ranges: readonly OffsetRange[] | 'all'): Step[] {
  const columns = shadow.columns.map(({ name }) => identifier(name)).join(', ');
  const [event, shadowEvent] = [table, shadow].map((each) => `${identifier('event')} = ${literal(each.event)}`);
  const [rows, starts] = [rowsIn(SPELLING, ranges), startsIn(SPELLING, ranges)];
  return [
    {
      statements: [
        `LOCK TABLE ${[lockTable(table), lockTable(shadow)].sort().join(', ')}`,
        `CREATE TEMPORARY TABLE ${MISSING} AS
SELECT ${identifier('commit_key')} AS commit_key, ${identifier('partition')} AS part, ${identifier('start_offset')} AS low
FROM ${LOAD_LEDGER} WHERE ${event} AND ${starts} AND ${identifier('commit_key')} NOT IN (
SELECT ${identifier('commit_key')} FROM ${LOAD_LEDGER} WHERE ${shadowEvent})`,
        `DELETE FROM ${SPELLING.table(table)} WHERE ${rows} AND ${unless(MISSING)}`,
        `INSERT INTO ${SPELLING.table(table)} (${columns})
SELECT ${columns} FROM ${SPELLING.table(shadow)} WHERE ${rows} AND ${unless(MISSING)}`,
        `DELETE FROM ${LOAD_LEDGER} WHERE ${event} AND ${starts} AND ${unless(MISSING)}`,
        `UPDATE ${LOAD_LEDGER} SET ${event} WHERE ${shadowEvent} AND ${starts} AND ${unless(MISSING)}`,
        `SELECT commit_key FROM ${MISSING} ORDER BY part, low`,
        `DROP TABLE ${MISSING}`,
      ],
      objects: 'missing',
    },
  ];
}

function dropSteps(table: WarehouseTable): Step[] {
  return [
    {
      statements: [
        `DROP TABLE IF EXISTS ${SPELLING.table(table)}`,
        `DROP TABLE IF EXISTS ${lockTable(table)}`,
        `DELETE FROM ${LOAD_LEDGER} WHERE ${identifier('event')} = ${literal(table.event)}`,
      ],
    },
  ];
}
