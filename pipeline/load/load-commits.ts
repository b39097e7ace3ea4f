/** From notifications about commits to rows in the warehouse. */
import { PipelineError } from '../errors.ts';
import type { ObjectStore, PendingLoad, Warehouse, WarehouseTable } from '../ports.ts';
import { readCommit } from '../sink/commit-log.ts';
import { notifiedKeys } from './commit-notifications.ts';

/** A message of the load queue. */
export interface LoadMessage {
  readonly id: string;
  readonly body: string;
}

export interface LoadPorts {
  readonly table: WarehouseTable;
  /** The name of the lake's bucket, as notifications name it. */
  readonly bucket: string;
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
}

export interface LoadReport {
  readonly loaded: number;
  readonly skipped: number;
  readonly rows: number;
  /** Messages to be delivered again, with the reason. */
  readonly failures: ReadonlyArray<{ readonly id: string; readonly error: Error }>;
}

interface ReadMessage {
  readonly id: string;
  readonly loads: readonly PendingLoad[];
}

/**
 * Loads the commits that the messages name.
 *
 * Delivery: exactly once for each commit, whatever the order, the repetitions and the failures of the messages: the
 * warehouse writes rows and ledger in one transaction. All commits go in one transaction if they can; if not, each
 * goes alone, so that a poisoned one fails only its own message. Never throws for a bad message.
 */
export async function loadCommits(messages: readonly LoadMessage[], ports: LoadPorts): Promise<LoadReport> {
  const failures: Array<{ id: string; error: Error }> = [];
  const read: ReadMessage[] = [];
  for (const message of messages) {
    try {
      read.push({ id: message.id, loads: await readLoads(message, ports) });
    } catch (error) {
      failures.push({ id: message.id, error: asError(error) });
    }
  }
  try {
    return { ...(await ports.warehouse.load(ports.table, distinct(read))), failures };
  } catch (error) {
    if (read.length === 1 || isUnavailable(error)) {
      failures.push(...read.map(({ id }) => ({ id, error: asError(error) })));
      return { loaded: 0, skipped: 0, rows: 0, failures };
    }
    return loadOneByOne(read, ports, failures);
  }
}

async function readLoads(message: LoadMessage, { table, bucket, lake }: LoadPorts): Promise<PendingLoad[]> {
  const loads: PendingLoad[] = [];
  for (const commitKey of notifiedKeys(message.body, bucket)) {
    const commit = await readCommit(lake, commitKey);
    if (commit.event !== table.event) {
      throw new Error(`Cannot load "${commitKey}": it is of the event "${commit.event}", allowed is "${table.event}"`);
    }
    loads.push({ commitKey, commit });
  }
  return loads;
}

/** A notification may come twice in one batch; offsets ascend, so that a table fills in order where it can. */
function distinct(messages: readonly ReadMessage[]): PendingLoad[] {
  const loads = new Map(messages.flatMap(({ loads }) => loads).map((load) => [load.commitKey, load]));
  return [...loads.values()].sort((a, b) => a.commit.partition - b.commit.partition || a.commit.start - b.commit.start);
}

/** Then each message alone would only wait as long in vain. */
const isUnavailable = (error: unknown): boolean => error instanceof PipelineError && error.code === 'UNAVAILABLE';

async function loadOneByOne(
  messages: readonly ReadMessage[],
  { table, warehouse }: LoadPorts,
  failures: Array<{ id: string; error: Error }>,
): Promise<LoadReport> {
  const total = { loaded: 0, skipped: 0, rows: 0 };
  for (const message of messages) {
    try {
      const { loaded, skipped, rows } = await warehouse.load(table, distinct([message]));
      total.loaded += loaded;
      total.skipped += skipped;
      total.rows += rows;
    } catch (error) {
      failures.push({ id: message.id, error: asError(error) });
    }
  }
  return { ...total, failures };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
