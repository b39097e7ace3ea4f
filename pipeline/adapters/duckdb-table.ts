/** The tables of a DuckDB warehouse: an event's, made and widened as its schema grows, and the ledger of loads. */
import {
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
} from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import { BrokenInvariantError } from '../errors.ts';
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
 * of an older version, still warm during a deployment, leaves the table alone, as it does not know all of its fields.
 * @throws BrokenInvariantError when a column is of another type: its rows, or the new ones, would be changed.
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
  const existing = await columnTypes(connection, `* FROM ${identifier(table)}`);
  const wanted = await columnTypes(
    connection,
    columns.map(({ name, type }) => `NULL::${duckdbType(type)} AS ${identifier(name)}`).join(', '),
  );
  for (const column of columns) {
    const { name } = column;
    const [before, type] = [existing.get(name), wanted.get(name) as DuckDBType];
    if (before === undefined) {
      await connection.run(`ALTER TABLE ${identifier(table)} ADD COLUMN ${declaration(column)}`);
    } else if (!hasGrown(before, type)) {
      const reason = `it is ${typeName(before)} in the table and ${typeName(type)} in schema version ${schemaVersion}`;
      const allowed = 'a column only gains fields, put its type back or take another table';
      throw new BrokenInvariantError(`Cannot change the column "${name}" of "${table}": ${reason}; ${allowed}`);
    } else if (typeName(before) !== typeName(type)) {
      // DuckDB casts structs by name and fills what is new with null.
      const grown = `ALTER COLUMN ${identifier(name)} SET DATA TYPE ${duckdbType(column.type)}`;
      await connection.run(`ALTER TABLE ${identifier(table)} ${grown}`);
    }
  }
}

/** SQL does not tell cases apart. */
export async function foreignColumns(
  connection: DuckDBConnection,
  { table, columns }: WarehouseTable,
): Promise<string[]> {
  const own = new Set(columns.map(({ name }) => name.toLowerCase()));
  const isThere = await hasTable(connection, table);
  const names = isThere ? [...(await columnTypes(connection, `* FROM ${identifier(table)}`)).keys()] : [];
  return names.filter((name) => !own.has(name.toLowerCase()));
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

/** Of the columns of a query by their names, in their order. */
async function columnTypes(connection: DuckDBConnection, selected: string): Promise<ReadonlyMap<string, DuckDBType>> {
  const result = await connection.runAndReadAll(`SELECT ${selected} LIMIT 0`);
  const types = result.columnTypes();
  return new Map(result.columnNames().map((name, position) => [name, types[position] as DuckDBType]));
}

/**
 * Whether the types are the same but for fields that structs have gained. Anything else would be cast without a word:
 * 3.7 into an integer column becomes 4, and a field that goes takes its values with it.
 */
function hasGrown(before: DuckDBType, after: DuckDBType): boolean {
  if (before instanceof DuckDBStructType && after instanceof DuckDBStructType) {
    return before.entryNames.every((name, position) => {
      const [type, grown] = [before.entryTypes[position], after.entryTypes[after.entryNames.indexOf(name)]];
      return type !== undefined && grown !== undefined && hasGrown(type, grown);
    });
  }
  if (before instanceof DuckDBListType && after instanceof DuckDBListType) {
    return hasGrown(before.valueType, after.valueType);
  }
  if (before instanceof DuckDBMapType && after instanceof DuckDBMapType) {
    return hasGrown(before.keyType, after.keyType) && hasGrown(before.valueType, after.valueType);
  }
  return typeName(before) === typeName(after);
}

/** JSON is text under another name. */
const typeName = (type: DuckDBType): string => type.alias ?? type.toString();
