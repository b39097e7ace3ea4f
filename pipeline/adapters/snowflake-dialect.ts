/** Snowflake's SQL for loading commits, and for looking after a table. */
import type { Column } from '../contract/column.ts';
import type { OffsetRange, PendingLoad, WarehouseTable } from '../ports.ts';
import { identifier, literal, NAME_RULES, snowflakeColumn, spell } from './snowflake-types.ts';
import type { Step, WarehouseDialect } from './warehouse-dialect.ts';
import { checkNames, checkSchema } from './warehouse-names.ts';
import {
  belongs,
  LEDGER_COLUMNS,
  ledgerValues,
  miscounts,
  names,
  readQueries,
  rowsIn,
  type Spelling,
  startsIn,
  unless,
} from './warehouse-sql.ts';

export interface SnowflakeLake {
  readonly bucket: string;
  /** Where the events' tables are. Always written out: CREATE SCHEMA changes the session's own schema. */
  readonly schema: string;
  /** The storage integration through which stages read buckets. */
  readonly integration: string;
}

const SCHEMA = identifier('headrace');
const LEDGER = `${SCHEMA}.${identifier('load_ledger')}`;

/** The request stays far below its megabyte. */
const COMMITS_MAX = 35;
/** Of one COPY ("COPY INTO <table>", FILES). */
const FILES_MAX = 1_000;

/** What is new of the commits of a load, and what COPY read. They live as long as the request's session. */
const COMMITS = `${SCHEMA}.${identifier('headrace_commits')}`;
const ROWS = `${SCHEMA}.${identifier('headrace_rows')}`;
const MISCOUNTS = `${SCHEMA}.${identifier('headrace_miscounts')}`;
const MISSING = `${SCHEMA}.${identifier('headrace_missing')}`;

const LEDGER_DECLARATION = `${identifier('event')} VARCHAR NOT NULL, ${identifier('commit_key')} VARCHAR NOT NULL,
${identifier('partition')} NUMBER(10, 0) NOT NULL, ${identifier('start_offset')} NUMBER(19, 0) NOT NULL,
${identifier('next_offset')} NUMBER(19, 0) NOT NULL, ${identifier('rows')} NUMBER(19, 0) NOT NULL,
${identifier('schema_version')} NUMBER(10, 0) NOT NULL`;

/** A failed statement ends its transaction at once, instead of leaving it, and its locks, to the session's end. */
const ABORT_ON_ERROR = 'ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE';

/** @throws Error when the schema is the ledger's */
export function snowflakeDialect(lake: SnowflakeLake): WarehouseDialect {
  checkSchema(lake.schema, NAME_RULES);
  const schema = identifier(lake.schema);
  const spelling: Spelling = {
    identifier,
    literal,
    table: ({ table }) => `${schema}.${identifier(table)}`,
    ledger: () => LEDGER,
  };
  return {
    name: 'Snowflake',
    loadsOnceBy: 'ledger',
    commitsMax: COMMITS_MAX,
    spell,
    checkNames: (table) => checkNames(table, NAME_RULES),
    createSteps: (table) => createSteps(spelling, lake, table),
    addColumnSteps: (table, columns) => addColumnSteps(spelling, table, columns),
    columnNames: (table, of) => columnNames(lake, table, of),
    loadSteps: async (table, loads) => [loadStep(spelling, table, loads)],
    ...readQueries(spelling),
    replaceSteps: (table, shadow, ranges) => [replaceStep(spelling, { table, shadow, ranges })],
    dropSteps: (table) => dropSteps(spelling, table),
  };
}

/** One row in a table of its own: Snowflake locks tables or parts of them, and events must not wait for each other. */
const lockTable = ({ event }: WarehouseTable): string => `${SCHEMA}.${identifier(`lock_${event}`)}`;
/** Of a table, so that a contract can be given another table, and a shadow its own. */
const stage = ({ table }: WarehouseTable): string => `${SCHEMA}.${identifier(`lake_${table}`)}`;

function createSteps(spelling: Spelling, { bucket, integration }: SnowflakeLake, table: WarehouseTable): Step[] {
  const columns = table.columns.map((column) => `${identifier(column.name)} ${snowflakeColumn(column).declared}`);
  const lock = lockTable(table);
  return [
    {
      statements: [
        `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`,
        `CREATE TABLE IF NOT EXISTS ${LEDGER} (${LEDGER_DECLARATION},
${identifier('loaded_at')} TIMESTAMP_LTZ NOT NULL DEFAULT CURRENT_TIMESTAMP())`,
        `CREATE TABLE IF NOT EXISTS ${lock} (${identifier('locks')} NUMBER(19, 0))`,
        `INSERT INTO ${lock} SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM ${lock})`,
        `CREATE STAGE IF NOT EXISTS ${stage(table)} URL = ${literal(`s3://${bucket}/`)} STORAGE_INTEGRATION = ${identifier(integration)}`,
        `CREATE TABLE IF NOT EXISTS ${spelling.table(table)} (${columns.join(', ')})`,
      ],
    },
  ];
}

function addColumnSteps(spelling: Spelling, table: WarehouseTable, columns: readonly Column[]): Step[] {
  return columns.map((column) => ({
    statements: [
      `ALTER TABLE ${spelling.table(table)} ADD COLUMN ${identifier(column.name)} ${snowflakeColumn(column).declared}`,
    ],
  }));
}

function columnNames(lake: SnowflakeLake, event: WarehouseTable, of: 'rows' | 'ledger'): string {
  const [schema, table] =
    of === 'ledger'
      ? [literal(spell('headrace')), literal(spell('load_ledger'))]
      : [literal(spell(lake.schema)), literal(spell(event.table))];
  return `SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ${table}`;
}

/**
 * COPY fills temporary tables before the transaction begins: it cannot be made conditional, it may take long, and
 * Snowflake commits a transaction at every CREATE. The UPDATE takes the event's lock until the COMMIT; the statement
 * after it sees what was committed before it began (READ COMMITTED), and so the ledger as the one before left it.
 */
function loadStep(spelling: Spelling, table: WarehouseTable, loads: readonly PendingLoad[]): Step {
  const staged = table.columns.map((column) => `${identifier(column.name)} ${snowflakeColumn(column).declared}`);
  const columns = names(spelling, ...table.columns.map(({ name }) => name));
  const ledgerColumns = names(spelling, ...LEDGER_COLUMNS);
  return {
    statements: [
      ABORT_ON_ERROR,
      `CREATE OR REPLACE TEMPORARY TABLE ${COMMITS} (${LEDGER_DECLARATION})`,
      `INSERT INTO ${COMMITS} VALUES\n${loads.map((load) => ledgerValues(spelling, table, load)).join(',\n')}`,
      `CREATE OR REPLACE TEMPORARY TABLE ${ROWS} (${staged.join(', ')})`,
      ...copyStatements(spelling, table, loads),
      `CREATE OR REPLACE TEMPORARY TABLE ${MISCOUNTS} AS ${miscounts(spelling, COMMITS, ROWS)}`,
      'BEGIN TRANSACTION',
      `UPDATE ${lockTable(table)} SET ${identifier('locks')} = ${identifier('locks')} + 1`,
      `DELETE FROM ${COMMITS} WHERE ${identifier('commit_key')} IN (
SELECT ${identifier('commit_key')} FROM ${LEDGER} WHERE ${identifier('event')} = ${literal(table.event)})`,
      `INSERT INTO ${spelling.table(table)} (${columns})
SELECT ${table.columns.map(({ name }) => `r.${identifier(name)}`).join(', ')}
FROM ${ROWS} r JOIN ${COMMITS} c ON ${belongs(spelling)} WHERE ${unless(MISCOUNTS)}`,
      `INSERT INTO ${LEDGER} (${ledgerColumns})\nSELECT ${ledgerColumns} FROM ${COMMITS} WHERE ${unless(MISCOUNTS)}`,
      'COMMIT',
      `SELECT commit_key, found, counted FROM ${MISCOUNTS} ORDER BY commit_key`,
    ],
    objects: 'miscounts',
  };
}

/**
 * With casts by name, rather than MATCH_BY_COLUMN_NAME, which converts neither JSON text nor unsigned numbers. Forced,
 * because the ledger decides what was loaded, not Snowflake's memory of files.
 */
function copyStatements(spelling: Spelling, table: WarehouseTable, loads: readonly PendingLoad[]): string[] {
  const files = loads.flatMap(({ commit }) => commit.files.map(({ key }) => literal(key)));
  const columns = names(spelling, ...table.columns.map(({ name }) => name));
  const values = table.columns.map((column) => snowflakeColumn(column).value).join(', ');
  const statements: string[] = [];
  for (let from = 0; from < files.length; from += FILES_MAX) {
    statements.push(`COPY INTO ${ROWS} (${columns})
FROM (SELECT ${values} FROM @${stage(table)})
FILES = (${files.slice(from, from + FILES_MAX).join(', ')})
FILE_FORMAT = (TYPE = PARQUET BINARY_AS_TEXT = FALSE USE_LOGICAL_TYPE = TRUE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE`);
  }
  return statements;
}

interface Replacement {
  readonly table: WarehouseTable;
  readonly shadow: WarehouseTable;
  readonly ranges: readonly OffsetRange[] | 'all';
}

/** Locks in one order, so that two such transactions cannot wait for each other. */
function replaceStep(spelling: Spelling, { table, shadow, ranges }: Replacement): Step {
  const columns = names(spelling, ...shadow.columns.map(({ name }) => name));
  const [event, shadowEvent] = [table, shadow].map((each) => `${identifier('event')} = ${literal(each.event)}`);
  const [rows, starts] = [rowsIn(spelling, ranges), startsIn(spelling, ranges)];
  const locks = [lockTable(table), lockTable(shadow)].sort();
  return {
    statements: [
      ABORT_ON_ERROR,
      `CREATE OR REPLACE TEMPORARY TABLE ${MISSING} (commit_key VARCHAR, part NUMBER(10, 0), low NUMBER(19, 0))`,
      'BEGIN TRANSACTION',
      ...locks.map((lock) => `UPDATE ${lock} SET ${identifier('locks')} = ${identifier('locks')} + 1`),
      `INSERT INTO ${MISSING} SELECT ${names(spelling, 'commit_key', 'partition', 'start_offset')}
FROM ${LEDGER} WHERE ${event} AND ${starts} AND ${identifier('commit_key')} NOT IN (
SELECT ${identifier('commit_key')} FROM ${LEDGER} WHERE ${shadowEvent})`,
      `DELETE FROM ${spelling.table(table)} WHERE ${rows} AND ${unless(MISSING)}`,
      `INSERT INTO ${spelling.table(table)} (${columns})
SELECT ${columns} FROM ${spelling.table(shadow)} WHERE ${rows} AND ${unless(MISSING)}`,
      `DELETE FROM ${LEDGER} WHERE ${event} AND ${starts} AND ${unless(MISSING)}`,
      `UPDATE ${LEDGER} SET ${event} WHERE ${shadowEvent} AND ${starts} AND ${unless(MISSING)}`,
      'COMMIT',
      `SELECT commit_key FROM ${MISSING} ORDER BY part, low`,
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
        `DROP STAGE IF EXISTS ${stage(table)}`,
        `DELETE FROM ${LEDGER} WHERE ${identifier('event')} = ${literal(table.event)}`,
      ],
    },
  ];
}
