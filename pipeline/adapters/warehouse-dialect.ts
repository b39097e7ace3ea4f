/** The SQL of a remote warehouse: what is sent, while `StatementService` is how it is sent. */
import type { Column } from '../contract/column.ts';
import type { OffsetRange, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';

/** Statements of one transaction, on a service that has transactions. Repeating a step changes nothing. */
export interface Step {
  readonly statements: readonly string[];
  /**
   * What the rows of the last query mean, if any come: that the step and all after it did nothing.
   * `miscounts`: commit key, rows that its files hold, rows that it counts. `missing`: commit keys.
   */
  readonly objects?: 'miscounts' | 'missing';
}

export interface WarehouseDialect {
  /** As in messages: `Redshift`. */
  readonly name: string;
  /** As `Warehouse` has it. */
  readonly loadsOnceBy: Warehouse['loadsOnceBy'];
  /** Commits that go into one transaction at most. */
  readonly commitsMax: number;
  /** How the catalog spells a column's name: what `columnNames` answers. */
  spell(name: string): string;
  /** @throws Error when the table has a name that the warehouse cannot have, or two that it takes for one. */
  checkNames(table: WarehouseTable): void;
  /** Makes the ledger and the table, and whatever else loads need; each step where it is not there yet. */
  createSteps(table: WarehouseTable): readonly Step[];
  addColumnSteps(table: WarehouseTable, columns: readonly Column[]): readonly Step[];
  /** Names of the columns of the table, or of its ledger; no rows when that does not exist. */
  columnNames(table: WarehouseTable, of: 'rows' | 'ledger'): string;
  /** Rows and ledger entries of commits that the ledger does not hold; may write a manifest into the lake first. */
  loadSteps(table: WarehouseTable, loads: readonly PendingLoad[]): Promise<readonly Step[]>;
  /** Of these keys, those that the ledger holds. */
  loadedKeys(table: WarehouseTable, keys: readonly string[]): string;
  /** Commit key, partition, start, next, rows. */
  ledgerEntries(table: WarehouseTable, ranges: readonly OffsetRange[] | 'all'): string;
  /** Partition, first, next; next is null behind the last entry. */
  holes(table: WarehouseTable, ranges: readonly OffsetRange[]): string;
  /** Position of the range, rows, different offsets, and the two sums; only for ranges that have rows. */
  measures(table: WarehouseTable, ranges: readonly OffsetRange[]): string;
  /** Partition, rows, least and greatest offset of the rows in none of the ranges. */
  outside(table: WarehouseTable, ranges: readonly OffsetRange[]): string;
  offsets(table: WarehouseTable, range: OffsetRange): string;
  /** Without dropping the shadow. */
  replaceSteps(table: WarehouseTable, shadow: WarehouseTable, ranges: readonly OffsetRange[] | 'all'): readonly Step[];
  dropSteps(table: WarehouseTable): readonly Step[];
}
