/** The statements by which the loader brings an event's table up to its contract. */
import { athenaDialect } from '../../pipeline/adapters/athena-dialect.ts';
import { declaration, duckdbType, identifier } from '../../pipeline/adapters/duckdb-types.ts';
import { redshiftDialect } from '../../pipeline/adapters/redshift-dialect.ts';
import { snowflakeDialect } from '../../pipeline/adapters/snowflake-dialect.ts';
import type { WarehouseDialect } from '../../pipeline/adapters/warehouse-dialect.ts';
import type { Column } from '../../pipeline/contract/column.ts';
import type { CompiledContract, WarehouseTarget } from '../../pipeline/contract/compiled-contract.ts';
import { warehouseTable } from '../../pipeline/load/warehouse-table.ts';
import type { ObjectStore, WarehouseTable } from '../../pipeline/ports.ts';

/**
 * The loader runs them before the first commit of the new schema version, and leaves the ledger's own out here. Empty
 * when nothing changes. Names that only the deployment knows are in angle brackets.
 * @param before undefined when the event is new.
 */
export function tableDdl(before: CompiledContract | undefined, after: CompiledContract): string[] {
  const table = warehouseTable(after);
  const { target } = after.warehouse;
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
    ...widened.map((one) => widen(target, table, one)),
  ];
}

function createTable(target: WarehouseTarget, table: WarehouseTable): string[] {
  if (target === 'duckdb') {
    return [`CREATE TABLE IF NOT EXISTS ${identifier(table.table)} (${table.columns.map(declaration).join(', ')})`];
  }
  return dialectOf(target)
    .createSteps(table)
    .flatMap(({ statements }) => statements);
}

function addColumns(target: WarehouseTarget, table: WarehouseTable, columns: readonly Column[]): string[] {
  if (target === 'duckdb') {
    return columns.map((column) => `ALTER TABLE ${identifier(table.table)} ADD COLUMN ${declaration(column)}`);
  }
  return dialectOf(target)
    .addColumnSteps(table, columns)
    .flatMap(({ statements }) => statements);
}

/** A field was added inside a nested column. */
const widen = (target: WarehouseTarget, { table }: WarehouseTable, { name, type }: Column): string =>
  target === 'duckdb'
    ? `ALTER TABLE ${identifier(table)} ALTER COLUMN ${identifier(name)} SET DATA TYPE ${duckdbType(type)}`
    : `-- ${name}: has new fields inside`;

function dialectOf(target: Exclude<WarehouseTarget, 'duckdb'>): WarehouseDialect {
  // Nothing is read or written for the statements of a table.
  const store = undefined as unknown as ObjectStore;
  const bucket = '<lake>';
  switch (target) {
    case 'redshift':
      return redshiftDialect({ store, bucket, copyRoleArn: '<copy role>' });
    case 'snowflake':
      return snowflakeDialect({ bucket, schema: '<schema>', integration: '<integration>' });
    case 'athena':
      return athenaDialect({ store, bucket, database: '<database>', location: 's3://<tables>/' });
  }
}
