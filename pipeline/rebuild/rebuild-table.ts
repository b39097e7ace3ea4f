/** Rebuilding a warehouse table from the commit log: loaded anew beside it, compared, and put in its place. */
import { type AuditWindow, type Chain, isWhole, readChains } from '../audit/chain.ts';
import type { Fault } from '../audit/fault.ts';
import { BrokenInvariantError, ObjectNotFoundError } from '../errors.ts';
import { readLoad } from '../load/load-together.ts';
import { shadowTable } from '../load/warehouse-table.ts';
import type { ObjectStore, OffsetRange, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';

export interface RebuildPorts {
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  readonly table: WarehouseTable;
  /** How many the topic has. */
  readonly partitions: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Hears how many of the commits are loaded. */
  readonly onProgress?: (loaded: number, commits: number) => void;
}

export interface RebuildOptions extends AuditWindow {
  /** Rebuilds also a table that has columns of somebody else, whose values no commit has. @default false */
  readonly dropColumns?: boolean;
}

export interface RebuildReport {
  readonly commits: number;
  readonly rows: number;
  /** Why nothing was rebuilt: the chain itself is not whole. */
  readonly faults: readonly Fault[];
}

const BATCH_COMMITS = 10;
const POLL_MS = 5_000;
/** Each swap that finds the table ahead means that a loader went on; so many in a row mean that something is wrong. */
const SWAPS_MAX = 20;

/**
 * Loads all commits, or those of the window, into a shadow table, compares counts and checksums with the commits, and
 * swaps. Loaders may go on: what they load meanwhile is loaded into the shadow too. Until the swap, which is one
 * transaction, the table is as it was; an interruption leaves the shadow, with which the next run begins anew. Rows that
 * no commit explains are gone afterwards. One rebuild at a time: of two, one finds its shadow changed.
 * @throws BrokenInvariantError when the shadow is not what the commits say, or the table has columns that no commit has,
 * or commits that the lake has lost; the table is as it was.
 */
export async function rebuildTable(ports: RebuildPorts, options: RebuildOptions = {}): Promise<RebuildReport> {
  const { dropColumns = false, ...window } = options;
  const { lake, warehouse, table, partitions, onProgress } = ports;
  const shadow = shadowTable(table);
  const { chains } = await readChains({ lake, event: table.event, partitions }, window);
  const faults = chains.flatMap((chain) => chain.faults).filter(({ kind }) => kind !== 'RETENTION');
  if (faults.length > 0) {
    return { commits: 0, rows: 0, faults };
  }
  const foreign = dropColumns ? [] : await warehouse.foreignColumns(table);
  if (foreign.length > 0) {
    const reason = `the columns ${foreign.join(', ')} are not in the contract, and their values would be gone`;
    throw new BrokenInvariantError(`Cannot rebuild "${table.table}": ${reason}; --drop-columns allows that`);
  }
  await warehouse.drop(shadow);
  const loads = chains.flatMap(({ commits }) => commits.map(({ key: commitKey, commit }) => ({ commitKey, commit })));
  for (let at = 0; at < loads.length; at += BATCH_COMMITS) {
    await loadAll(loads.slice(at, at + BATCH_COMMITS), shadow, ports);
    onProgress?.(Math.min(at + BATCH_COMMITS, loads.length), loads.length);
  }
  const ranges = isWhole(window) ? 'all' : rangesOf(chains);
  for (let swap = 0; swap < SWAPS_MAX; swap++) {
    await compare(loads, shadow, warehouse);
    const missing = await warehouse.replace(table, shadow, ranges);
    if (missing.length === 0) {
      return { commits: loads.length, rows: loads.reduce((sum, { commit }) => sum + commit.rows, 0), faults: [] };
    }
    const newer = await readMissing(missing, ports);
    await loadAll(newer, shadow, ports);
    loads.push(...newer);
  }
  throw new BrokenInvariantError(`Cannot swap "${table.table}": loaders were ahead ${SWAPS_MAX} times, stop them`);
}

/** From the first to the last commit of each chain, which tile their offsets. */
function rangesOf(chains: readonly Chain[]): OffsetRange[] {
  return chains.flatMap(({ partition, commits }) => {
    const [first, last] = [commits[0]?.commit, commits.at(-1)?.commit];
    return first && last ? [{ partition, first: first.start, next: last.next }] : [];
  });
}

async function loadAll(
  loads: readonly PendingLoad[],
  shadow: WarehouseTable,
  { warehouse, sleep }: RebuildPorts,
): Promise<void> {
  let pending = loads;
  while (pending.length > 0) {
    const running = new Set((await warehouse.load(shadow, pending)).running);
    pending = pending.filter(({ commitKey }) => running.has(commitKey));
    if (pending.length > 0) {
      await sleep(POLL_MS);
    }
  }
}

async function compare(loads: readonly PendingLoad[], shadow: WarehouseTable, warehouse: Warehouse): Promise<void> {
  const ranges = loads.map(({ commit: { partition, start, next } }) => ({ partition, first: start, next }));
  const measures = await warehouse.measure(shadow, ranges);
  for (const [index, { commitKey, commit }] of loads.entries()) {
    const { rows, offsets, checksum } = measures[index] ?? { rows: 0, offsets: 0, checksum: 0n };
    if (rows !== commit.rows || offsets !== commit.rows || checksum !== BigInt(commit.checksum)) {
      const reason = `of "${commitKey}" it has ${rows} rows at ${offsets} offsets with checksum ${checksum}`;
      const expected = `the commit says ${commit.rows} rows with checksum ${commit.checksum}`;
      const causes = 'another rebuild of it runs or has ended, or the files were changed: audit with --files';
      throw new BrokenInvariantError(`Cannot swap "${shadow.table}" in: ${reason}, ${expected}; ${causes}`);
    }
  }
}

async function readMissing(keys: readonly string[], ports: RebuildPorts): Promise<PendingLoad[]> {
  try {
    return await Promise.all(keys.map((key) => readLoad(key, ports)));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) {
      const reason = `the table has loaded a commit that the lake has lost, and its rows would be gone: ${error.message}`;
      throw new BrokenInvariantError(`Cannot rebuild "${ports.table.table}": ${reason}`);
    }
    throw error;
  }
}
