/** Loading commits in one transaction if they can, and in ever smaller parts if they cannot. */
import { PipelineError } from '../errors.ts';
import type { LoadOutcome, ObjectStore, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';
import { readCommit } from '../sink/commit-log.ts';

export interface LoadPorts {
  readonly table: WarehouseTable;
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  /** Milliseconds until the function must have returned. */
  readonly timeLeftMs: () => number;
}

/**
 * No attempt begins with less time left. One asks the ledger, for 25 seconds at most, follows the load for 20, and may
 * have submitted it several times; then the queue must be told.
 */
export const ATTEMPT_MS = 60_000;

export interface LoadResult extends Omit<LoadOutcome, 'running'> {
  /** Commits whose statement still runs, and those for which no time was left. */
  readonly running: ReadonlySet<string>;
  /** Why a commit could not be loaded, by its key. */
  readonly failures: ReadonlyMap<string, Error>;
}

/** @throws PipelineError when there is no such commit, or it cannot be read; Error when it is of another event. */
export async function readLoad(
  commitKey: string,
  { lake, table }: Pick<LoadPorts, 'lake' | 'table'>,
): Promise<PendingLoad> {
  const commit = await readCommit(lake, commitKey);
  if (commit.event !== table.event) {
    throw new Error(`Cannot load "${commitKey}": it is of the event "${commit.event}", allowed is "${table.event}"`);
  }
  return { commitKey, commit };
}

/**
 * All commits go in one transaction; when that fails its halves do, so that a poisoned one fails only itself, and the
 * others are held up by a few attempts and not by one for each of them. When time runs out, what was not tried is
 * `running`, for a later call, and what was tried last has failed together, however many they are: so a later call has
 * fewer commits to look for the poisoned one in.
 * Exactly once, as the warehouse's `load` is. Never throws.
 */
export async function loadTogether(loads: readonly PendingLoad[], ports: LoadPorts): Promise<LoadResult> {
  // Offsets ascend, so that a table fills in order where it can.
  return loadHalves(
    loads.toSorted((a, b) => a.commit.partition - b.commit.partition || a.commit.start - b.commit.start),
    ports,
  );
}

async function loadHalves(loads: readonly PendingLoad[], ports: LoadPorts): Promise<LoadResult> {
  const whole = await attempt(loads, ports);
  const hasTime = () => ports.timeLeftMs() > ATTEMPT_MS;
  if (loads.length <= 1 || whole.failures.size === 0 || unavailable(whole) || !hasTime()) {
    return whole;
  }
  const middle = Math.ceil(loads.length / 2);
  const rest = loads.slice(middle);
  const first = await loadHalves(loads.slice(0, middle), ports);
  const error = unavailable(first);
  if (error) {
    return addUp([first, failed(rest, error)]);
  }
  const second = hasTime()
    ? await loadHalves(rest, ports)
    : { ...NOTHING, running: new Set(rest.map(({ commitKey }) => commitKey)) };
  return addUp([first, second]);
}

async function attempt(loads: readonly PendingLoad[], { table, warehouse }: LoadPorts): Promise<LoadResult> {
  if (loads.length === 0) {
    return NOTHING;
  }
  try {
    const outcome = await warehouse.load(table, loads);
    return { ...outcome, running: new Set(outcome.running), failures: new Map() };
  } catch (error) {
    return failed(loads, asError(error));
  }
}

const NOTHING: LoadResult = { loaded: 0, skipped: 0, rows: 0, running: new Set(), failures: new Map() };

const failed = (loads: readonly PendingLoad[], error: Error): LoadResult => ({
  ...NOTHING,
  failures: new Map(loads.map(({ commitKey }) => [commitKey, error])),
});

/** What another attempt would only wait for as long in vain. */
const unavailable = ({ failures }: LoadResult): Error | undefined =>
  failures.values().find((error) => error instanceof PipelineError && error.code === 'UNAVAILABLE');

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
