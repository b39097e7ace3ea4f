/** A DuckDB database file, as the `Warehouse` port. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import { BrokenInvariantError, UnknownFormatError } from '../errors.ts';
import type { ObjectStore, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';
import { declaration, duckdbType, identifier } from './duckdb-types.ts';
import { withDuckdb } from './with-duckdb.ts';

const LEDGER_DDL = `
  CREATE SCHEMA IF NOT EXISTS headrace;
  CREATE TABLE IF NOT EXISTS ${LOAD_LEDGER} (
    event VARCHAR NOT NULL,
    commit_key VARCHAR NOT NULL,
    partition INTEGER NOT NULL,
    start_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    schema_version INTEGER NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (event, commit_key)
  );`;

/**
 * @param path the database file; made when it does not exist.
 * @param lake where the data files of commits are read from.
 */
export function duckdbWarehouse(path: string, lake: ObjectStore): Warehouse {
  return {
    async load(table, loads) {
      if (loads.length === 0) {
        return { loaded: 0, skipped: 0, rows: 0 };
      }
      // Files are fetched before the database is opened, so that the lock is held for the load alone.
      const folder = await mkdtemp(join(tmpdir(), 'headrace-load-'));
      try {
        const files = await fetchFiles(lake, loads, folder);
        return await withDuckdb(path, 'READ_WRITE', (connection) => loadAll(connection, table, loads, files));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function fetchFiles(
  lake: ObjectStore,
  loads: readonly PendingLoad[],
  folder: string,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const { key } of loads.flatMap(({ commit }) => commit.files)) {
    const path = join(folder, `${paths.size}.parquet`);
    await writeFile(path, await lake.get(key));
    paths.set(key, path);
  }
  return paths;
}

async function loadAll(
  connection: DuckDBConnection,
  table: WarehouseTable,
  loads: readonly PendingLoad[],
  files: ReadonlyMap<string, string>,
): Promise<{ loaded: number; skipped: number; rows: number }> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await ensureTable(connection, table);
    const ledger = await loadedKeys(connection, table.event, loads);
    const fresh = loads.filter(({ commitKey }) => !ledger.has(commitKey));
    let rows = 0;
    for (const load of fresh) {
      rows += await loadOne(connection, table, load, files);
    }
    await connection.run('COMMIT');
    return { loaded: fresh.length, skipped: loads.length - fresh.length, rows };
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/**
 * The schema barrier: the table has every column of the newest schema version before a file of it is loaded. A loader
 * of an older version, still warm during a deployment, leaves the table alone: it would narrow nested columns.
 */
async function ensureTable(
  connection: DuckDBConnection,
  { event, table, schemaVersion, columns }: WarehouseTable,
): Promise<void> {
  await connection.run(LEDGER_DDL);
  const loaded = await connection.runAndReadAll(
    `SELECT coalesce(max(schema_version), 0) FROM ${LOAD_LEDGER} WHERE event = $1`,
    [event],
  );
  if (Number(loaded.getRows()[0]?.[0]) > schemaVersion) {
    return;
  }
  await connection.run(`CREATE TABLE IF NOT EXISTS ${identifier(table)} (${columns.map(declaration).join(', ')})`);
  const existing = await connection.runAndReadAll(
    'SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = current_schema() AND table_name = $1',
    [table],
  );
  const types = new Map(existing.getRows().map(([name, type]) => [String(name), String(type)]));
  for (const column of columns) {
    const type = types.get(column.name);
    if (type === undefined) {
      await connection.run(`ALTER TABLE ${identifier(table)} ADD COLUMN ${declaration(column)}`);
    } else if (column.type.kind === 'struct' || column.type.kind === 'list' || column.type.kind === 'map') {
      await widenNested(connection, table, column.name, duckdbType(column.type), type);
    }
  }
}

/** A field that was added inside a nested column: DuckDB casts structs by name and fills what is new with null. */
async function widenNested(
  connection: DuckDBConnection,
  table: string,
  column: string,
  wanted: string,
  existing: string,
): Promise<void> {
  const normalized = await connection.runAndReadAll(`SELECT typeof(NULL::${wanted})`);
  if (String(normalized.getRows()[0]?.[0]) !== existing) {
    await connection.run(`ALTER TABLE ${identifier(table)} ALTER COLUMN ${identifier(column)} SET DATA TYPE ${wanted}`);
  }
}

async function loadedKeys(
  connection: DuckDBConnection,
  event: string,
  loads: readonly PendingLoad[],
): Promise<Set<string>> {
  const keys = loads.map(({ commitKey }) => `'${commitKey.replaceAll("'", "''")}'`).join(', ');
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
  let rows = 0;
  for (const { key } of commit.files) {
    const path = (files.get(key) ?? '').replaceAll("'", "''");
    const result = await connection.run(
      `INSERT INTO ${identifier(table)} BY NAME SELECT * FROM read_parquet('${path}', hive_partitioning = false)`,
    );
    rows += result.rowsChanged;
  }
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
