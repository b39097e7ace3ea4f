/** Redshift's SQL for loading commits, and for looking after a table. */
import { createHash } from 'node:crypto';
import type { Column } from '../contract/column.ts';
import { LOAD_LEDGER, MANIFEST_PREFIX } from '../contract/names.ts';
import type { ObjectStore, OffsetRange, PendingLoad, WarehouseTable } from '../ports.ts';
import { identifier, isNested, NAME_RULES, redshiftColumn, spell } from './redshift-types.ts';
import type { Step, WarehouseDialect } from './warehouse-dialect.ts';
import { checkNames, checkSchema } from './warehouse-names.ts';
import {
  belongs,
  LEDGER_COLUMNS,
  ledgerValues,
  miscounts,
  readQueries,
  rowsIn,
  type Spelling,
  startsIn,
  unless,
} from './warehouse-sql.ts';

export interface RedshiftLake {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Where the events' tables are. Always written out: a name alone is first looked for among temporary tables. */
  readonly schema: string;
  /** The role that COPY reads the bucket with, or `default` for the namespace's own. */
  readonly copyRoleArn: string;
}

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const spellingOf = ({ schema }: RedshiftLake): Spelling => ({
  identifier,
  literal,
  table: ({ table }) => `${identifier(schema)}.${identifier(table)}`,
  ledger: () => LOAD_LEDGER,
});

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

/** @throws Error when the schema is the ledger's */
export function redshiftDialect(lake: RedshiftLake): WarehouseDialect {
  checkSchema(lake.schema, NAME_RULES);
  const spelling = spellingOf(lake);
  return {
    name: 'Redshift',
    loadsOnceBy: 'ledger',
    commitsMax: COMMITS_MAX,
    spell,
    checkNames: (table) => checkNames(table, NAME_RULES),
    createSteps: (table) => createSteps(spelling, table),
    addColumnSteps: (table, columns) => addColumnSteps(spelling, table, columns),
    columnNames: (table, of) => columnNames(lake, table, of),
    loadSteps: (table, loads) => loadSteps({ lake, spelling, table, loads }),
    ...readQueries(spelling),
    replaceSteps: (table, shadow, ranges) => [replaceStep(spelling, { table, shadow, ranges })],
    dropSteps: (table) => dropSteps(spelling, table),
  };
}

/** Nobody reads it: LOCK shuts out readers too, and the table's own readers must not wait for loads. */
const lockTable = ({ event }: WarehouseTable): string => `headrace.${identifier(`lock_${event}`)}`;

function createSteps(spelling: Spelling, table: WarehouseTable): Step[] {
  const columns = table.columns.map((column) => `${identifier(column.name)} ${redshiftColumn(column).declared}`);
  return [
    { statements: ['CREATE SCHEMA IF NOT EXISTS headrace'] },
    {
      statements: [
        `CREATE TABLE IF NOT EXISTS ${LOAD_LEDGER} (${LEDGER_DECLARATION},
${identifier('loaded_at')} TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
        `CREATE TABLE IF NOT EXISTS ${lockTable(table)} (${identifier('nothing')} INTEGER)`,
        `CREATE TABLE IF NOT EXISTS ${spelling.table(table)} (${columns.join(', ')})`,
      ],
    },
  ];
}

/** Redshift adds one column at a time. */
function addColumnSteps(spelling: Spelling, table: WarehouseTable, columns: readonly Column[]): Step[] {
  return columns.map((column) => ({
    statements: [
      `ALTER TABLE ${spelling.table(table)} ADD COLUMN ${identifier(column.name)} ${redshiftColumn(column).declared}`,
    ],
  }));
}

function columnNames(lake: RedshiftLake, event: WarehouseTable, of: 'rows' | 'ledger'): string {
  const [schema = '', table = ''] = of === 'ledger' ? LOAD_LEDGER.split('.') : [spell(lake.schema), spell(event.table)];
  return `SELECT column_name FROM information_schema.columns
WHERE table_schema = ${literal(schema)} AND table_name = ${literal(table)}`;
}

interface Loading {
  readonly lake: RedshiftLake;
  readonly spelling: Spelling;
  readonly table: WarehouseTable;
  readonly loads: readonly PendingLoad[];
}

/**
 * One transaction. LOCK is first, because the transaction's snapshot is taken at its first query: whoever waited for
 * the lock sees the ledger as the one before left it. Rows are staged because COPY cannot be made conditional, and
 * casts nothing.
 */
async function loadSteps({ lake, spelling, table, loads }: Loading): Promise<Step[]> {
  const manifest = await writeManifest(lake, loads);
  const staged = table.columns.map((column) => `${identifier(column.name)} ${redshiftColumn(column).staged}`);
  return [
    {
      statements: [
        `LOCK TABLE ${lockTable(table)}`,
        `CREATE TEMPORARY TABLE ${COMMITS} (${LEDGER_DECLARATION})`,
        `INSERT INTO ${COMMITS} VALUES\n${loads.map((load) => ledgerValues(spelling, table, load)).join(',\n')}`,
        `DELETE FROM ${COMMITS} WHERE ${identifier('commit_key')} IN (
SELECT ${identifier('commit_key')} FROM ${LOAD_LEDGER} WHERE ${identifier('event')} = ${literal(table.event)})`,
        `CREATE TEMPORARY TABLE ${ROWS} (${staged.join(', ')})`,
        ...(manifest ? [copyStatement(lake, table, manifest)] : []),
        `CREATE TEMPORARY TABLE ${MISCOUNTS} AS ${miscounts(spelling, COMMITS, ROWS)}`,
        insertRows(spelling, table),
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

/**
 * By position: files of older schema versions end earlier, and FILLRECORD makes their last columns null. Without a list
 * of columns, of which nothing is documented together with FILLRECORD.
 */
function copyStatement({ copyRoleArn }: RedshiftLake, { columns }: WarehouseTable, manifest: string): string {
  const role = copyRoleArn === 'default' ? 'default' : literal(copyRoleArn);
  const nested = columns.some(isNested) ? ' SERIALIZETOJSON' : '';
  return `COPY ${ROWS}
FROM ${literal(manifest)} IAM_ROLE ${role} FORMAT AS PARQUET${nested} MANIFEST FILLRECORD STATUPDATE OFF`;
}

function insertRows(spelling: Spelling, table: WarehouseTable): string {
  const values = table.columns.map((column) => redshiftColumn(column).value(`r.${identifier(column.name)}`));
  return `INSERT INTO ${spelling.table(table)} (${table.columns.map(({ name }) => identifier(name)).join(', ')})
SELECT ${values.join(', ')}
FROM ${ROWS} r JOIN ${COMMITS} c ON ${belongs(spelling)} WHERE ${unless(MISCOUNTS)}`;
}

interface Replacement {
  readonly table: WarehouseTable;
  readonly shadow: WarehouseTable;
  readonly ranges: readonly OffsetRange[] | 'all';
}

/** Both locks at once and in one order, so that two such transactions cannot wait for each other. */
function replaceStep(spelling: Spelling, { table, shadow, ranges }: Replacement): Step {
  const columns = shadow.columns.map(({ name }) => identifier(name)).join(', ');
  const [event, shadowEvent] = [table, shadow].map((each) => `${identifier('event')} = ${literal(each.event)}`);
  const [rows, starts] = [rowsIn(spelling, ranges), startsIn(spelling, ranges)];
  return {
    statements: [
      `LOCK TABLE ${[lockTable(table), lockTable(shadow)].sort().join(', ')}`,
      `CREATE TEMPORARY TABLE ${MISSING} AS
SELECT ${identifier('commit_key')} AS commit_key, ${identifier('partition')} AS part, ${identifier('start_offset')} AS low
FROM ${LOAD_LEDGER} WHERE ${event} AND ${starts} AND ${identifier('commit_key')} NOT IN (
SELECT ${identifier('commit_key')} FROM ${LOAD_LEDGER} WHERE ${shadowEvent})`,
      `DELETE FROM ${spelling.table(table)} WHERE ${rows} AND ${unless(MISSING)}`,
      `INSERT INTO ${spelling.table(table)} (${columns})
SELECT ${columns} FROM ${spelling.table(shadow)} WHERE ${rows} AND ${unless(MISSING)}`,
      `DELETE FROM ${LOAD_LEDGER} WHERE ${event} AND ${starts} AND ${unless(MISSING)}`,
      `UPDATE ${LOAD_LEDGER} SET ${event} WHERE ${shadowEvent} AND ${starts} AND ${unless(MISSING)}`,
      `SELECT commit_key FROM ${MISSING} ORDER BY part, low`,
      `DROP TABLE ${MISSING}`,
    ],
    objects: 'missing',
  };
}

function dropSteps(spelling: Spelling, table: WarehouseTable): Step[] {
  return [
    {
      statements: [
        `DROP TABLE IF EXISTS ${spelling.table(table)}`,
        `DROP TABLE IF EXISTS ${lockTable(table)}`,
        `DELETE FROM ${LOAD_LEDGER} WHERE ${identifier('event')} = ${literal(table.event)}`,
      ],
    },
  ];
}
