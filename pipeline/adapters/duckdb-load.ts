/** Loading commits into a table of a DuckDB warehouse. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import { BrokenInvariantError, UnknownFormatError } from '../errors.ts';
import type { LoadOutcome, PendingLoad, WarehouseTable } from '../ports.ts';
import { ensureTable } from './duckdb-table.ts';
import { identifier, text } from './duckdb-types.ts';
import { withoutValues } from './without-values.ts';

/**
 * Inserts what the ledger does not hold; the caller has begun the transaction.
 * @param files where each data file lies on the disk, by its key.
 */
export async function loadAll(
  connection: DuckDBConnection,
  table: WarehouseTable,
  loads: readonly PendingLoad[],
  files: ReadonlyMap<string, string>,
): Promise<LoadOutcome> {
  await ensureTable(connection, table);
  const ledger = await loadedKeys(connection, table.event, loads);
  const fresh = loads.filter(({ commitKey }) => !ledger.has(commitKey));
  let rows = 0;
  for (const load of fresh) {
    rows += await loadOne(connection, table, load, files);
  }
  return { loaded: fresh.length, skipped: loads.length - fresh.length, rows, running: [] };
}

async function loadedKeys(
  connection: DuckDBConnection,
  event: string,
  loads: readonly PendingLoad[],
): Promise<Set<string>> {
  const keys = loads.map(({ commitKey }) => text(commitKey)).join(', ');
  const result = await connection.runAndReadAll(
    `SELECT commit_key FROM ${LOAD_LEDGER} WHERE event = $1 AND commit_key IN (${keys})`,
    [event],
  );
  return new Set(result.getRows().map(([key]) => String(key)));
}

/**
 * Rows and ledger entry.
 * @throws BrokenInvariantError when the files do not hold the rows that the commit counts.
 */
async function loadOne(
  connection: DuckDBConnection,
  { event, table, schemaVersion }: WarehouseTable,
  { commitKey, commit }: PendingLoad,
  files: ReadonlyMap<string, string>,
): Promise<number> {
  // DuckDB would drop, without a word, the nested fields that the table does not have yet.
  if (commit.schemaVersion > schemaVersion) {
    const reason = `it has schema version ${commit.schemaVersion}, the loader knows ${schemaVersion}; deploy the loader`;
    throw new UnknownFormatError(`the commit "${commitKey}"`, reason);
  }
  const rows = await insertFiles(connection, table, { commitKey, commit }, files);
  if (rows !== commit.rows) {
    throw new BrokenInvariantError(`Cannot load "${commitKey}": its files hold ${rows} rows, it counts ${commit.rows}`);
  }
  await connection.run(
    `INSERT INTO ${LOAD_LEDGER} (event, commit_key, partition, start_offset, next_offset, rows, schema_version)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [event, commitKey, commit.partition, BigInt(commit.start), BigInt(commit.next), BigInt(rows), commit.schemaVersion],
  );
  return rows;
}

/** All files of a commit have the same columns. */
async function insertFiles(
  connection: DuckDBConnection,
  table: string,
  { commitKey, commit }: PendingLoad,
  files: ReadonlyMap<string, string>,
): Promise<number> {
  if (commit.files.length === 0) {
    return 0;
  }
  const paths = commit.files.map(({ key }) => text(files.get(key) ?? '')).join(', ');
  const source = `read_parquet([${paths}], hive_partitioning = false)`;
  try {
    return (await connection.run(`INSERT INTO ${identifier(table)} BY NAME SELECT * FROM ${source}`)).rowsChanged;
  } catch (error) {
    const names = commit.files.map(({ key }) => `"${key}"`).join(', ');
    throw new Error(
      `Cannot load "${commitKey}" from ${names}: ${withoutValues(String(error), { statements: [source], files: [] })}`,
      {
        cause: error,
      },
    );
  }
}
