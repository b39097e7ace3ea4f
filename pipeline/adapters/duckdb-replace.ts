/** Putting a rebuilt table of a DuckDB warehouse in the place of the old one. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { LOAD_LEDGER } from '../contract/names.ts';
import type { OffsetRange, WarehouseTable } from '../ports.ts';
import { startsIn } from './duckdb-measure.ts';
import { ensureLedger, ensureTable } from './duckdb-table.ts';
import { identifier } from './duckdb-types.ts';

/** The caller has begun the transaction. @returns keys that the shadow lacks, in which case nothing changed. */
export async function replaceTable(
  connection: DuckDBConnection,
  table: WarehouseTable,
  shadow: WarehouseTable,
  ranges: readonly OffsetRange[] | 'all',
): Promise<string[]> {
  await ensureTable(connection, shadow);
  const missing = await missingKeys(connection, table.event, shadow.event, ranges);
  if (missing.length > 0) {
    return missing;
  }
  if (ranges === 'all') {
    await connection.run(`DROP TABLE IF EXISTS ${identifier(table.table)}`);
    await connection.run(`ALTER TABLE ${identifier(shadow.table)} RENAME TO ${identifier(table.table)}`);
  } else {
    await ensureTable(connection, table);
    for (const range of ranges) {
      await moveRows(connection, table.table, shadow.table, range);
    }
  }
  await moveLedger(connection, table.event, shadow.event, ranges);
  await dropTable(connection, shadow);
  return [];
}

/** Also its entries in the ledger. The caller has begun the transaction. */
export async function dropTable(connection: DuckDBConnection, { event, table }: WarehouseTable): Promise<void> {
  await ensureLedger(connection);
  await connection.run(`DROP TABLE IF EXISTS ${identifier(table)}`);
  await connection.run(`DELETE FROM ${LOAD_LEDGER} WHERE event = $1`, [event]);
}

async function missingKeys(
  connection: DuckDBConnection,
  event: string,
  shadowEvent: string,
  ranges: readonly OffsetRange[] | 'all',
): Promise<string[]> {
  const result = await connection.runAndReadAll(
    `SELECT commit_key FROM ${LOAD_LEDGER} WHERE event = $1 AND ${startsIn(ranges)}
     AND commit_key NOT IN (SELECT commit_key FROM ${LOAD_LEDGER} WHERE event = $2) ORDER BY partition, start_offset`,
    [event, shadowEvent],
  );
  return result.getRows().map(([key]) => String(key));
}

async function moveRows(
  connection: DuckDBConnection,
  table: string,
  shadow: string,
  { partition, first, next }: OffsetRange,
): Promise<void> {
  const within = `_partition = ${partition} AND _offset >= ${first} AND _offset < ${next}`;
  await connection.run(`DELETE FROM ${identifier(table)} WHERE ${within}`);
  await connection.run(`INSERT INTO ${identifier(table)} BY NAME SELECT * FROM ${identifier(shadow)} WHERE ${within}`);
}

/** Entries that both have are changed in place: DuckDB refuses to delete and insert one key in one transaction. */
async function moveLedger(
  connection: DuckDBConnection,
  event: string,
  shadowEvent: string,
  ranges: readonly OffsetRange[] | 'all',
): Promise<void> {
  await connection.run(
    `INSERT INTO ${LOAD_LEDGER}
     SELECT $1, commit_key, partition, start_offset, next_offset, rows, schema_version, loaded_at
     FROM ${LOAD_LEDGER} WHERE event = $2 AND ${startsIn(ranges)}
     ON CONFLICT DO UPDATE SET
       next_offset = excluded.next_offset, rows = excluded.rows,
       schema_version = excluded.schema_version, loaded_at = excluded.loaded_at`,
    [event, shadowEvent],
  );
}
