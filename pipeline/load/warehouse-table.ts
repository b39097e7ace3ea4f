/** The warehouse table of an event. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { shadowTableName } from '../contract/names.ts';
import { newestVersion, tableColumns } from '../contract/table-columns.ts';
import type { WarehouseTable } from '../ports.ts';

export function warehouseTable(contract: CompiledContract): WarehouseTable {
  return {
    event: contract.event,
    table: contract.warehouse.table,
    schemaVersion: newestVersion(contract).version,
    columns: tableColumns(contract),
  };
}

/** Where a table is built anew before it takes the place of the other: with a ledger of its own. */
export const shadowTable = (table: WarehouseTable): WarehouseTable => ({
  ...table,
  event: `${table.event}#rebuild`,
  table: shadowTableName(table.table),
});
