/** The statements by which the loader brings an event's table up to its contract. */
import { athenaDialect } from '../../pipeline/adapters/athena-dialect.ts';
import { inLedger } from '../../pipeline/adapters/ledger-per-table.ts';
import { redshiftDialect } from '../../pipeline/adapters/redshift-dialect.ts';
import { snowflakeDialect } from '../../pipeline/adapters/snowflake-dialect.ts';
import type { WarehouseDialect } from '../../pipeline/adapters/warehouse-dialect.ts';
import type { Column } from '../../pipeline/contract/column.ts';
import type { CompiledContract, WarehouseTarget } from '../../pipeline/contract/compiled-contract.ts';
import { warehouseTable } from '../../pipeline/load/warehouse-table.ts';
import type { ObjectStore, WarehouseTable } from '../../pipeline/ports.ts';

type RemoteTarget = Exclude<WarehouseTarget, 'duckdb'>;

/**
 * The loader runs them before the first commit of the new schema version, and leaves the ledger's own out here. Empty
 * when nothing changes, and for DuckDB, which no loader on AWS reaches. Names that only the deployment knows are in angle brackets.
 * @param before undefined when the event is new.
 */
export function tableDdl(before: CompiledContract | undefined, after: CompiledContract): string[] {
  const table = warehouseTable(after);
  const { target } = after.warehouse;
  if (target === 'duckdb') {
    return [];
  }
  const isNew = before?.warehouse.target !== target || before.warehouse.table !== table.table;
  if (before === undefined || isNew) {
    return createTable(target, table);
  }
  const old = new Map(warehouseTable(before).columns.map((column) => [column.name, column]));
  const added = table.columns.filter(({ name }) => !old.has(name));
  const widened = table.columns.filter(({ name, type }) => {
    const was = old.get(name);
    return was !== undefined && JSON.stringify(was.type) !== JSON.stringify(type);
  });
  return [
    ...(added.length > 0 ? addColumns(target, table, added) : []),
    // A field was added inside a nested column, whose type in the table is the same for all fields.
    ...widened.map(({ name }) => `-- ${name}: has new fields inside`),
  ];
}

function createTable(target: RemoteTarget, table: WarehouseTable): string[] {
  return dialectOf(target)
    .createSteps(inLedger(table))
    .flatMap(({ statements }) => statements);
}

function addColumns(target: RemoteTarget, table: WarehouseTable, columns: readonly Column[]): string[] {
  return dialectOf(target)
    .addColumnSteps(table, columns)
    .flatMap(({ statements }) => statements);
}

function dialectOf(target: RemoteTarget): WarehouseDialect {
  // Nothing is read or written for the statements of a table.
  const store = undefined as unknown as ObjectStore;
  const bucket = '<lake>';
  switch (target) {
    case 'redshift':
      return redshiftDialect({ store, bucket, schema: '<schema>', copyRoleArn: '<copy role>' });
    case 'snowflake':
      return snowflakeDialect({ bucket, schema: '<schema>', integration: '<integration>' });
    case 'athena':
      return athenaDialect({ store, bucket, database: '<database>', location: 's3://<tables>/' });
  }
}
