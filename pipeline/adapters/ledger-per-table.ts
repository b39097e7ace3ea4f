/** Which entries of the ledger are a table's. */
import { createHash } from 'node:crypto';
import type { Warehouse, WarehouseTable } from '../ports.ts';

/** 32 bits tell the few tables that an event ever has from one another. */
const HASH_LENGTH = 8;

/**
 * The table as ledgers and locks know it. A table that is not named after its event has entries of its own, so that an
 * event that is given another table begins that one anew. Its name is hashed because Redshift's lock tables must not be
 * longer than 127 bytes.
 */
export function inLedger(table: WarehouseTable): WarehouseTable {
  if (table.table === table.event) {
    return table;
  }
  const hash = createHash('sha256').update(table.table).digest('hex').slice(0, HASH_LENGTH);
  return { ...table, event: `${table.event}/${hash}` };
}

/** The warehouse, whose `event` of a table is then the ledger's name for it. */
export const ledgerPerTable = (warehouse: Warehouse): Warehouse => ({
  loadsOnceBy: warehouse.loadsOnceBy,
  load: (table, loads) => warehouse.load(inLedger(table), loads),
  ledger: (table, ranges) => warehouse.ledger(inLedger(table), ranges),
  holes: (table, ranges) => warehouse.holes(inLedger(table), ranges),
  measure: (table, ranges) => warehouse.measure(inLedger(table), ranges),
  outside: (table, ranges) => warehouse.outside(inLedger(table), ranges),
  offsetsOf: (table, range) => warehouse.offsetsOf(inLedger(table), range),
  replace: (table, shadow, ranges) => warehouse.replace(inLedger(table), inLedger(shadow), ranges),
  foreignColumns: (table) => warehouse.foreignColumns(inLedger(table)),
  drop: (table) => warehouse.drop(inLedger(table)),
  close: () => warehouse.close(),
});
