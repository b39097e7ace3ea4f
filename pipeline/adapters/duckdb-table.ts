/** The tables of a DuckDB warehouse: an event's, made and widened as its schema grows, and the ledger of loads. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import type { WarehouseTable } from '../ports.ts';
import { declaration, duckdbType, identifier } from './duckdb-types.ts';

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
 * The schema barrier: the table has every column of the newest schema version before a file of it is loaded. A loader
 * of an older version, still warm during a deployment, leaves the table alone: it would narrow nested columns.
 */
export async function ensureTable(
  connection: DuckDBConnection,
  { event, table, schemaVersion, columns }: WarehouseTable,
): Promise<void> {
  await ensureLedger(connection);
  const loaded = await connection.runAndReadAll(
    `SELECT coalesce(max(schema_version), 0) FROM ${LOAD_LEDGER} WHERE event = $1`,
    [event],
  );
  if (Number(loaded.getRows()[0]?.[0]) > schemaVersion) {
    return;
  }
  await connection.run(`CREATE TABLE IF NOT EXISTS ${identifier(table)} (${columns.map(declaration).join(', ')})`);
  const types = await columnTypes(connection, table);
  for (const column of columns) {
    const type = types.get(column.name);
    if (type === undefined) {
      await connection.run(`ALTER TABLE ${identifier(table)} ADD COLUMN ${declaration(column)}`);
    } else if (column.type.kind === 'struct' || column.type.kind === 'list' || column.type.kind === 'map') {
      await widenNested(connection, table, column.name, duckdbType(column.type), type);
    }
  }
}

/** SQL does not tell cases apart. */
export async function foreignColumns(
  connection: DuckDBConnection,
  { table, columns }: WarehouseTable,
): Promise<string[]> {
  const own = new Set(columns.map(({ name }) => name.toLowerCase()));
  const names = [...(await columnTypes(connection, table)).keys()];
  return names.filter((name) => !own.has(name.toLowerCase()));
}

/** The types by the names, in their order; empty when there is no table. */
async function columnTypes(connection: DuckDBConnection, table: string): Promise<ReadonlyMap<string, string>> {
  const existing = await connection.runAndReadAll(
    'SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = current_schema() AND table_name = $1 ORDER BY column_index',
    [table],
  );
  return new Map(existing.getRows().map(([name, type]) => [String(name), String(type)]));
}

/** Makes the ledger of all events. */
export async function ensureLedger(connection: DuckDBConnection): Promise<void> {
  await connection.run(LEDGER_DDL);
}

/** Whether there is such a table in the schema of the events' tables. */
export async function hasTable(connection: DuckDBConnection, table: string): Promise<boolean> {
  const found = await connection.runAndReadAll(
    'SELECT 1 FROM duckdb_tables() WHERE schema_name = current_schema() AND table_name = $1',
    [table],
  );
  return found.currentRowCount > 0;
}

/** Whether anything was ever loaded into this file. */
export async function hasLedger(connection: DuckDBConnection): Promise<boolean> {
  const found = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE schema_name || '.' || table_name = $1",
    [LOAD_LEDGER],
  );
  return found.currentRowCount > 0;
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
