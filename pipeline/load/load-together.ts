/** Loading commits in one transaction if they can, and each alone if they cannot. */
import { PipelineError } from '../errors.ts';
import type { LoadOutcome, ObjectStore, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';
import { readCommit } from '../sink/commit-log.ts';

export interface LoadPorts {
  readonly table: WarehouseTable;
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
}

export interface LoadResult extends Omit<LoadOutcome, 'running'> {
  readonly running: ReadonlySet<string>;
  /** Why a commit could not be loaded, by its key. */
  readonly failures: ReadonlyMap<string, Error>;
}

/** @throws PipelineError when there is no such commit, or it cannot be read; Error when it is of another event. */
export async function readLoad(commitKey: string, { lake, table }: LoadPorts): Promise<PendingLoad> {
  const commit = await readCommit(lake, commitKey);
  if (commit.event !== table.event) {
    throw new Error(`Cannot load "${commitKey}": it is of the event "${commit.event}", allowed is "${table.event}"`);
  }
  return { commitKey, commit };
}

/**
 * All commits go in one transaction; when that fails each goes alone, so that a poisoned one fails only itself.
 * Exactly once, as the warehouse's `load` is. Never throws.
 */
export async function loadTogether(loads: readonly PendingLoad[], ports: LoadPorts): Promise<LoadResult> {
  // Offsets ascend, so that a table fills in order where it can.
  const ordered = loads.toSorted((a, b) => a.commit.partition - b.commit.partition || a.commit.start - b.commit.start);
  const together = await attempt(ordered, ports);
  return ordered.length > 1 && together.failures.size > 0 && !isUnavailable(together)
    ? await loadEach(ordered, ports)
    : together;
}

async function attempt(loads: readonly PendingLoad[], { table, warehouse }: LoadPorts): Promise<LoadResult> {
  if (loads.length === 0) {
    return NOTHING;
  }
  try {
    const outcome = await warehouse.load(table, loads);
    return { ...outcome, running: new Set(outcome.running), failures: new Map() };
  } catch (error) {
    return { ...NOTHING, failures: new Map(loads.map(({ commitKey }) => [commitKey, asError(error)])) };
  }
}

const NOTHING: LoadResult = { loaded: 0, skipped: 0, rows: 0, running: new Set(), failures: new Map() };

/** Another attempt would only wait as long in vain. */
const isUnavailable = ({ failures }: LoadResult): boolean =>
  failures.values().some((error) => error instanceof PipelineError && error.code === 'UNAVAILABLE');

async function loadEach(loads: readonly PendingLoad[], ports: LoadPorts): Promise<LoadResult> {
  const results: LoadResult[] = [];
  for (const [index, load] of loads.entries()) {
    const result = await attempt([load], ports);
    results.push(result);
    const [error] = result.failures.values();
    if (error && isUnavailable(result)) {
      results.push({
        ...NOTHING,
        failures: new Map(loads.slice(index + 1).map(({ commitKey }) => [commitKey, error])),
      });
      break;
    }
  }
  return addUp(results);
}

/** Of attempts at different commits. */
export function addUp(results: readonly LoadResult[]): LoadResult {
  return {
    loaded: results.reduce((sum, { loaded }) => sum + loaded, 0),
    skipped: results.reduce((sum, { skipped }) => sum + skipped, 0),
    rows: results.reduce((sum, { rows }) => sum + rows, 0),
    running: new Set(results.flatMap(({ running }) => [...running])),
    failures: new Map(results.flatMap(({ failures }) => [...failures])),
  };
}

/** Whatever was thrown, as an error. */
export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
