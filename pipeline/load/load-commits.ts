/** From notifications about commits to rows in the warehouse. */
import type { LoadMessage, LoadQueue, PendingLoad } from '../ports.ts';
import { notifiedKeys } from './commit-notifications.ts';
import { asError, type LoadPorts, type LoadResult, loadTogether, readLoad } from './load-together.ts';

export interface NotifiedLoadPorts extends LoadPorts {
  /** The name of the lake's bucket, as notifications name it. */
  readonly bucket: string;
  readonly queue: LoadQueue;
}

export interface LoadReport {
  readonly loaded: number;
  readonly skipped: number;
  readonly rows: number;
  /** Messages that were sent again because a statement still runs, or no time was left. */
  readonly postponed: number;
  /** Messages to be delivered again, with the reason. */
  readonly failures: ReadonlyArray<{ readonly id: string; readonly error: Error }>;
  /** The commits that are in the warehouse now. */
  readonly finished: readonly PendingLoad[];
}

/** The delay doubles from the first to the last of these. */
const DELAY_SECONDS = { first: 15, last: 300 } as const;
/** At 300 seconds each, about a day. */
const POSTPONEMENTS_MAX = 290;

/**
 * Loads the commits that the messages name.
 *
 * Delivery: exactly once for each commit, whatever the order, the repetitions and the failures of the messages: the
 * warehouse writes rows and ledger in one transaction. All commits go in one transaction if they can; if not, in ever
 * smaller ones, so that a poisoned one fails only its own message. A message whose statement still runs, or for which
 * the time did not suffice, is sent again, for up to a day. Never throws for a bad message.
 */
export async function loadCommits(messages: readonly LoadMessage[], ports: NotifiedLoadPorts): Promise<LoadReport> {
  const loads = new Map<string, PendingLoad>();
  const failures = new Map<string, Error>();
  const keys = messages.map((message) => readKeys(message, ports.bucket));
  for (const key of new Set(keys.flatMap((found) => (found instanceof Error ? [] : found)))) {
    try {
      loads.set(key, await readLoad(key, ports));
    } catch (error) {
      failures.set(key, asError(error));
    }
  }
  const { loaded, skipped, rows, running, ...result } = await loadTogether([...loads.values()], ports);
  for (const [key, error] of result.failures) {
    failures.set(key, error);
  }
  const failed: Array<{ id: string; error: Error }> = [];
  let postponed = 0;
  for (const [index, message] of messages.entries()) {
    const outcome = await settle(message, keys[index] ?? [], { failures, running }, ports.queue);
    if (outcome instanceof Error) {
      failed.push({ id: message.id, error: outcome });
    }
    postponed += outcome === 'postponed' ? 1 : 0;
  }
  const finished = [...loads.values()].filter(({ commitKey: key }) => !running.has(key) && !failures.has(key));
  return { loaded, skipped, rows, postponed, failures: failed, finished };
}

function readKeys({ body }: LoadMessage, bucket: string): readonly string[] | Error {
  try {
    return notifiedKeys(body, bucket);
  } catch (error) {
    return asError(error);
  }
}

/** @returns why the message must come again by itself, if it must. */
async function settle(
  message: LoadMessage,
  keys: readonly string[] | Error,
  { failures, running }: Pick<LoadResult, 'failures' | 'running'>,
  queue: LoadQueue,
): Promise<Error | 'postponed' | 'done'> {
  if (keys instanceof Error) {
    return keys;
  }
  const failed = keys.find((key) => failures.has(key));
  if (failed !== undefined) {
    return failures.get(failed) as Error;
  }
  const waiting = keys.find((key) => running.has(key));
  if (waiting === undefined) {
    return 'done';
  }
  if (message.postponed >= POSTPONEMENTS_MAX) {
    return new Error(`Cannot load "${waiting}": its statement has run for a day, end it in the warehouse`);
  }
  try {
    const delaySeconds = Math.min(DELAY_SECONDS.first * 2 ** message.postponed, DELAY_SECONDS.last);
    await queue.postpone(message, delaySeconds);
    return 'postponed';
  } catch (error) {
    return asError(error);
  }
}
