/** A DuckDB database file, as the `Warehouse` port. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ObjectStore, PendingLoad, Warehouse } from '../ports.ts';
import { getContent } from '../sink/content-key.ts';
import { loadAll } from './duckdb-load.ts';
import { measureRanges, NOTHING_MEASURED, readHoles, readLedger, readOffsets, rowsOutside } from './duckdb-measure.ts';
import { dropTable, replaceTable } from './duckdb-replace.ts';
import { foreignColumns } from './duckdb-table.ts';
import { ledgerPerTable } from './ledger-per-table.ts';
import { withDuckdb } from './with-duckdb.ts';

/**
 * The file is opened for each call and closed again; nothing is ever `running`.
 * @param path the database file; made by the first load.
 * @param lake where the data files of commits are read from.
 * @param onWait gets a line for a person while another process holds the file.
 */
export function duckdbWarehouse(path: string, lake: ObjectStore, onWait?: (line: string) => void): Warehouse {
  const read = async <Result>(empty: Result, work: (connection: DuckDBConnection) => Promise<Result>) =>
    existsSync(path) ? withDuckdb(path, 'READ_ONLY', work, onWait) : empty;
  const write = <Result>(work: (connection: DuckDBConnection) => Promise<Result>) =>
    withDuckdb(path, 'READ_WRITE', (connection) => inTransaction(connection, work), onWait);
  return ledgerPerTable({
    loadsOnceBy: 'ledger',
    async load(table, loads) {
      if (loads.length === 0) {
        return { loaded: 0, skipped: 0, rows: 0, running: [] };
      }
      // Files are fetched before the database is opened, so that the lock is held for the load alone.
      const folder = await mkdtemp(join(tmpdir(), 'headrace-load-'));
      try {
        const files = await fetchFiles(lake, loads, folder);
        return await write((connection) => loadAll(connection, table, loads, files));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    ledger: (table, ranges) => read([], (connection) => readLedger(connection, table, ranges ?? 'all')),
    holes: (table, ranges) => read(ranges, (connection) => readHoles(connection, table, ranges)),
    measure: (table, ranges) =>
      read(
        ranges.map(() => NOTHING_MEASURED),
        (connection) => measureRanges(connection, table, ranges),
      ),
    outside: (table, ranges) => read([], (connection) => rowsOutside(connection, table, ranges)),
    offsetsOf: (table, range) => read([], (connection) => readOffsets(connection, table, range)),
    replace: (table, shadow, ranges) => write((connection) => replaceTable(connection, table, shadow, ranges)),
    foreignColumns: (table) => read([], (connection) => foreignColumns(connection, table)),
    async drop(table) {
      if (existsSync(path)) {
        await write((connection) => dropTable(connection, table));
      }
    },
    async close() {},
  });
}

async function inTransaction<Result>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work(connection);
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** @throws UnknownFormatError when a file is not what the sink wrote: DuckDB would read many a changed value. */
async function fetchFiles(
  lake: ObjectStore,
  loads: readonly PendingLoad[],
  folder: string,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const { commit } of loads) {
    for (const { key } of commit.files) {
      const path = join(folder, `${paths.size}.parquet`);
      await writeFile(path, await getContent(lake, key));
      paths.set(key, path);
    }
  }
  return paths;
}
