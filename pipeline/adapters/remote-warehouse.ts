/** A warehouse behind an API for SQL, as the `Warehouse` port: what Redshift, Snowflake and Athena have in common. */
import { PipelineError, UnknownFormatError } from '../errors.ts';
import type { PendingLoad, RangeMeasure, Warehouse, WarehouseTable } from '../ports.ts';
import { ledgerPerTable } from './ledger-per-table.ts';
import { RemoteLoads } from './remote-loads.ts';
import { type Pace, StatementRunner } from './statement-runner.ts';
import type { StatementService } from './statement-service.ts';
import type { WarehouseDialect } from './warehouse-dialect.ts';
import { holesOf } from './warehouse-sql.ts';

/** Keeps a statement under Redshift's 100 KB, the smallest of the limits. */
const RANGES_PER_STATEMENT = 500;

/**
 * Statements are submitted and followed: `load` answers `running` for what takes longer than `pace.loadWaitMs`, and
 * everything else throws `UNAVAILABLE` when it takes longer than `pace.queryWaitMs`.
 */
export function remoteWarehouse(dialect: WarehouseDialect, service: StatementService, pace: Pace): Warehouse {
  const runner = new StatementRunner(dialect.name, service, pace);
  const loads = new RemoteLoads(dialect, service, runner, pace);
  const tables = new TableKeeper(dialect, runner);
  return ledgerPerTable({
    loadsOnceBy: dialect.loadsOnceBy,
    async load(table, pending) {
      if (pending.length === 0) {
        return { loaded: 0, skipped: 0, rows: 0, running: [] };
      }
      refuseNewer(table, pending);
      await tables.ensure(table);
      return loads.load(table, pending);
    },
    async ledger(table, ranges) {
      if (!(await tables.exists(table, 'ledger'))) {
        return [];
      }
      const rows = await runner.query(dialect.ledgerEntries(table, ranges ?? 'all'));
      return rows.map(([commitKey, partition, start, next, count]) => ({
        commitKey: String(commitKey),
        partition: Number(partition),
        start: Number(start),
        next: Number(next),
        rows: Number(count),
      }));
    },
    async holes(table, ranges) {
      if (ranges.length === 0 || !(await tables.exists(table, 'ledger'))) {
        return ranges;
      }
      return holesOf(await runner.query(dialect.holes(table, ranges)), ranges);
    },
    async measure(table, ranges) {
      const measured = ranges.map((): RangeMeasure => ({ rows: 0, offsets: 0, checksum: 0n, placed: 0n }));
      if (ranges.length === 0 || !(await tables.exists(table, 'rows'))) {
        return measured;
      }
      for (let from = 0; from < ranges.length; from += RANGES_PER_STATEMENT) {
        const part = ranges.slice(from, from + RANGES_PER_STATEMENT);
        for (const [position, rows, offsets, checksum, placed] of await runner.query(dialect.measures(table, part))) {
          measured[from + Number(position)] = {
            rows: Number(rows),
            offsets: Number(offsets),
            checksum: BigInt(checksum ?? 0),
            placed: BigInt(placed ?? 0),
          };
        }
      }
      return measured;
    },
    async outside(table, ranges) {
      const rows = (await tables.exists(table, 'rows')) ? await runner.query(dialect.outside(table, ranges)) : [];
      return rows.map(([partition, count, first, last]) => ({
        partition: numberOrNull(partition),
        rows: Number(count),
        first: numberOrNull(first),
        last: numberOrNull(last),
      }));
    },
    async offsetsOf(table, range) {
      const rows = (await tables.exists(table, 'rows')) ? await runner.query(dialect.offsets(table, range)) : [];
      return rows.map(([offset]) => Number(offset));
    },
    async replace(table, shadow, ranges) {
      await tables.ensure(table);
      await tables.ensure(shadow);
      const missing = await runner.run(dialect.replaceSteps(table, shadow, ranges));
      if (missing.length === 0) {
        await this.drop(shadow);
      }
      return missing.map(([key]) => String(key));
    },
    async foreignColumns(table) {
      const own = new Set(table.columns.map(({ name }) => dialect.spell(name)));
      const rows = await runner.query(dialect.columnNames(table, 'rows'));
      return rows.map(([name]) => String(name)).filter((name) => !own.has(name));
    },
    async drop(table) {
      loads.forget(table);
      tables.forget(table);
      if (await tables.exists(table, 'ledger')) {
        await runner.run(dialect.dropSteps(table));
      }
    },
    async close() {
      service.close();
    },
  });
}

const numberOrNull = (cell: string | null | undefined): number | null => (cell == null ? null : Number(cell));

/** The warehouse would drop, without a word, the columns that the table does not have yet. */
function refuseNewer({ schemaVersion }: WarehouseTable, loads: readonly PendingLoad[]): void {
  for (const { commitKey, commit } of loads) {
    if (commit.schemaVersion > schemaVersion) {
      const reason = `it has schema version ${commit.schemaVersion}, the loader knows ${schemaVersion}; deploy the loader`;
      throw new UnknownFormatError(`the commit "${commitKey}"`, reason);
    }
  }
}

/** The schema barrier: a table has every column of the newest schema version before a file of it is loaded. */
class TableKeeper {
  readonly #dialect: WarehouseDialect;
  readonly #runner: StatementRunner;
  /** Versions of tables that are known to be there, so that a warm function asks once. */
  readonly #ensured = new Set<string>();

  constructor(dialect: WarehouseDialect, runner: StatementRunner) {
    this.#dialect = dialect;
    this.#runner = runner;
  }

  async ensure(table: WarehouseTable): Promise<void> {
    const version = versionOf(table);
    if (this.#ensured.has(version)) {
      return;
    }
    this.#dialect.checkNames(table);
    // Two loaders that make the same thing at once: one of them fails, and finds it made when it tries again.
    await this.#make(table).catch((error: unknown) => {
      if (error instanceof PipelineError && error.code === 'UNAVAILABLE') {
        throw error;
      }
      return this.#make(table);
    });
    this.#ensured.add(version);
  }

  async exists(table: WarehouseTable, of: 'rows' | 'ledger'): Promise<boolean> {
    const known = this.#ensured.has(versionOf(table));
    return known || (await this.#runner.query(this.#dialect.columnNames(table, of))).length > 0;
  }

  forget(table: WarehouseTable): void {
    this.#ensured.delete(versionOf(table));
  }

  async #make(table: WarehouseTable): Promise<void> {
    await this.#runner.run(this.#dialect.createSteps(table));
    const rows = await this.#runner.query(this.#dialect.columnNames(table, 'rows'));
    const existing = new Set(rows.map(([name]) => name));
    const added = table.columns.filter(({ name }) => !existing.has(this.#dialect.spell(name)));
    await this.#runner.run(this.#dialect.addColumnSteps(table, added));
  }
}

const versionOf = ({ event, table, schemaVersion }: WarehouseTable): string =>
  JSON.stringify([event, table, schemaVersion]);
