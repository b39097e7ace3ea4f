/** Athena's SQL for loading commits into an Iceberg table, and for looking after it. */
import { createHash } from 'node:crypto';
import type { Column } from '../contract/column.ts';
import { athenaLakeName, athenaLedgerName, MANIFEST_PREFIX } from '../contract/names.ts';
import type { ObjectStore, OffsetRange, PendingLoad, WarehouseTable } from '../ports.ts';
import { athenaColumn, ddlIdentifier, identifier, literal, NAME_RULES, spell } from './athena-types.ts';
import type { Step, WarehouseDialect } from './warehouse-dialect.ts';
import { checkNames } from './warehouse-names.ts';
import {
  LEDGER_COLUMNS,
  ledgerValues,
  miscounts,
  names,
  readQueries,
  rowsIn,
  type Spelling,
  startsIn,
} from './warehouse-sql.ts';

export interface AthenaLake {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Of the Glue catalog. */
  readonly database: string;
  /** Where tables keep their files, as in `s3://bucket/prefix/`. */
  readonly location: string;
}

/** Keeps a query under Athena's 256 KB. */
const COMMITS_MAX = 35;

/** Lists of files, one object for each load; Athena reads the files that the list names and no others. */
const LISTS = `${MANIFEST_PREFIX}athena/`;

const LEDGER_TYPES = ['string', 'string', 'int', 'bigint', 'bigint', 'bigint', 'int'];

export function athenaDialect(lake: AthenaLake): WarehouseDialect {
  const at = (name: string) => `${identifier(lake.database)}.${identifier(name)}`;
  const spelling: Spelling = {
    identifier,
    literal,
    table: ({ table }) => at(table),
    ledger: (table) => at(ledgerName(table)),
  };
  return {
    name: 'Athena',
    loadsOnceBy: 'offsets',
    commitsMax: COMMITS_MAX,
    spell,
    checkNames: (table) => checkNames(table, NAME_RULES),
    createSteps: (table) => createSteps(lake, table),
    addColumnSteps: (table, columns) => addColumnSteps(lake, table, columns),
    columnNames: (table, of) => columnNames(lake, of === 'rows' ? table.table : ledgerName(table)),
    loadSteps: (table, loads) => loadSteps({ lake, spelling, table, loads }),
    ...readQueries(spelling),
    replaceSteps: (table, shadow, ranges) => replaceSteps(spelling, { table, shadow, ranges }),
    dropSteps: (table) => [...lakeVersions(table), ledgerName(table), table.table].map((name) => dropStep(lake, name)),
  };
}

const ledgerName = ({ table }: WarehouseTable): string => athenaLedgerName(table);

/** The external table over the lake's files, one for each schema version, so that none is ever changed. */
const lakeName = ({ table }: WarehouseTable, version: number): string => athenaLakeName(table, version);
const lakeVersions = (table: WarehouseTable): string[] =>
  Array.from({ length: table.schemaVersion }, (_, index) => lakeName(table, index + 1));

function createSteps(lake: AthenaLake, table: WarehouseTable): Step[] {
  const columns = table.columns.map((column) => `${ddlIdentifier(column.name)} ${athenaColumn(column).declared}`);
  const ledger = LEDGER_COLUMNS.map((name, index) => `${ddlIdentifier(name)} ${LEDGER_TYPES[index]}`);
  return [
    createIceberg(lake, ledgerName(table), ledger),
    createIceberg(lake, table.table, columns),
    createLakeTable(lake, table),
  ];
}

const ddlName = ({ database }: AthenaLake, name: string): string => `${ddlIdentifier(database)}.${ddlIdentifier(name)}`;

function createIceberg(lake: AthenaLake, name: string, columns: readonly string[]): Step {
  const sql = `CREATE TABLE IF NOT EXISTS ${ddlName(lake, name)} (${columns.join(', ')})
LOCATION ${literal(`${lake.location}${name}/`)}
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd')`;
  return { statements: [sql] };
}

/** The form that S3 Inventory has: a partition is a folder with a list of files, and needs no entry in the catalog. */
function createLakeTable(lake: AthenaLake, table: WarehouseTable): Step {
  const columns = table.columns.map((column) => `${ddlIdentifier(column.name)} ${athenaColumn(column).staged}`);
  const lists = `s3://${lake.bucket}/${LISTS}`;
  const sql = `CREATE EXTERNAL TABLE IF NOT EXISTS ${ddlName(lake, lakeName(table, table.schemaVersion))} (${columns.join(', ')})
PARTITIONED BY (\`headrace_list\` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION ${literal(lists)}
TBLPROPERTIES ('projection.enabled' = 'true', 'projection.headrace_list.type' = 'injected',
'storage.location.template' = ${literal(`${lists}\${headrace_list}/`)})`;
  return { statements: [sql] };
}

function addColumnSteps(lake: AthenaLake, table: WarehouseTable, columns: readonly Column[]): Step[] {
  return columns.map((column) => ({
    statements: [
      `ALTER TABLE ${ddlName(lake, table.table)} ADD COLUMNS (${ddlIdentifier(column.name)} ${athenaColumn(column).declared})`,
    ],
  }));
}

const columnNames = ({ database }: AthenaLake, name: string): string =>
  `SELECT column_name FROM information_schema.columns
WHERE table_schema = ${literal(spell(database))} AND table_name = ${literal(spell(name))}`;

interface Loading {
  readonly lake: AthenaLake;
  readonly spelling: Spelling;
  readonly table: WarehouseTable;
  readonly loads: readonly PendingLoad[];
}

/**
 * Athena has no transactions, so every step can be repeated: rows are known by partition and offset and inserted where
 * they are missing, and the ledger is written last. Of two that run at once Iceberg commits one, and the other fails.
 */
async function loadSteps(loading: Loading): Promise<Step[]> {
  const { spelling, table, loads } = loading;
  const columns = names(spelling, ...LEDGER_COLUMNS);
  const commits = `(SELECT * FROM (VALUES
${loads.map((load) => ledgerValues(spelling, table, load)).join(',\n')}) AS v (${columns}))`;
  const remember = `MERGE INTO ${spelling.ledger(table)} t USING ${commits} s
ON t.${identifier('event')} = s.${identifier('event')} AND t.${identifier('commit_key')} = s.${identifier('commit_key')}
WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${LEDGER_COLUMNS.map((name) => `s.${identifier(name)}`).join(', ')})`;
  const list = await writeList(loading);
  if (list === undefined) {
    return [{ statements: [remember] }];
  }
  const files = `${identifier(loading.lake.database)}.${identifier(lakeName(table, table.schemaVersion))}`;
  const rows = `(SELECT * FROM ${files} WHERE ${identifier('headrace_list')} = ${literal(list)})`;
  return [
    { statements: [miscounts(spelling, commits, rows)], objects: 'miscounts' },
    { statements: [mergeRows(loading, rows)] },
    { statements: [remember] },
  ];
}

/** @returns the list's name, or nothing when the commits have no files. */
async function writeList({ lake, loads }: Loading): Promise<string | undefined> {
  const urls = loads.flatMap(({ commit }) => commit.files.map(({ key }) => `s3://${lake.bucket}/${key}\n`));
  if (urls.length === 0) {
    return undefined;
  }
  const body = Buffer.from(urls.join(''));
  const name = createHash('sha256').update(body).digest('hex');
  await lake.store.put(`${LISTS}${name}/files.txt`, body);
  return name;
}

/** The constant ranges let Iceberg leave files unread that hold other offsets. */
function mergeRows({ spelling, table, loads }: Loading, rows: string): string {
  const ranges = loads.map(({ commit: { partition, start, next } }) => ({ partition, first: start, next }));
  const list = table.columns.map(({ name }) => identifier(name));
  const values = table.columns.map(
    (column) => `${athenaColumn(column).value(`r.${identifier(column.name)}`)} AS ${identifier(column.name)}`,
  );
  const target: Spelling = { ...spelling, identifier: (name) => `t.${identifier(name)}` };
  return `MERGE INTO ${spelling.table(table)} t USING (SELECT ${values.join(', ')} FROM ${rows} r) s
ON t.${identifier('_partition')} = s.${identifier('_partition')} AND t.${identifier('_offset')} = s.${identifier('_offset')}
AND ${rowsIn(target, ranges)}
WHEN NOT MATCHED THEN INSERT (${list.join(', ')}) VALUES (${list.map((name) => `s.${name}`).join(', ')})`;
}

interface Replacement {
  readonly table: WarehouseTable;
  readonly shadow: WarehouseTable;
  readonly ranges: readonly OffsetRange[] | 'all';
}

/**
 * Not one transaction: readers may see the table without its rows for a moment, and no load may run meanwhile. Broken
 * off in the middle and repeated it ends as it should, because the shadow is kept until the end.
 */
function replaceSteps(spelling: Spelling, { table, shadow, ranges }: Replacement): Step[] {
  const key = identifier('commit_key');
  const list = names(spelling, ...shadow.columns.map(({ name }) => name));
  const rest = names(spelling, ...LEDGER_COLUMNS.slice(1));
  const [rows, starts] = [rowsIn(spelling, ranges), startsIn(spelling, ranges)];
  const [ledger, shadowLedger] = [spelling.ledger(table), spelling.ledger(shadow)];
  return [
    {
      statements: [
        `SELECT ${key} FROM ${ledger} WHERE ${starts} AND ${key} NOT IN (SELECT ${key} FROM ${shadowLedger})
ORDER BY ${names(spelling, 'partition', 'start_offset')}`,
      ],
      objects: 'missing',
    },
    { statements: [`DELETE FROM ${ledger} WHERE ${starts}`] },
    { statements: [`DELETE FROM ${spelling.table(table)} WHERE ${rows}`] },
    {
      statements: [
        `INSERT INTO ${spelling.table(table)} (${list})\nSELECT ${list} FROM ${spelling.table(shadow)} WHERE ${rows}`,
      ],
    },
    {
      statements: [
        `INSERT INTO ${ledger} (${names(spelling, ...LEDGER_COLUMNS)})
SELECT ${literal(table.event)}, ${rest} FROM ${shadowLedger} WHERE ${starts}`,
      ],
    },
  ];
}

const dropStep = (lake: AthenaLake, name: string): Step => ({
  statements: [`DROP TABLE IF EXISTS ${ddlName(lake, name)}`],
});
