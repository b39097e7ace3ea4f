/** The warehouse that a URL names. */
import type { ObjectStore, Warehouse } from '../ports.ts';

const DUCKDB = 'duckdb:';

/**
 * @param url `duckdb:<path of the database file>`.
 * @param lake where the warehouse finds the files of commits.
 */
export async function openWarehouse(url: string, lake: ObjectStore): Promise<Warehouse> {
  if (url.startsWith(DUCKDB)) {
    // The native module is loaded only where it is used.
    const { duckdbWarehouse } = await import('./duckdb-warehouse.ts');
    return duckdbWarehouse(url.slice(DUCKDB.length), lake);
  }
  throw new Error(`Cannot open the warehouse "${url}": allowed is ${DUCKDB}<path of a database file>`);
}
