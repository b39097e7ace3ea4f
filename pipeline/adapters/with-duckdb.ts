/** A DuckDB file, opened for one piece of work and closed again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PipelineError } from '../errors.ts';

/** DuckDB lets one process open a file at a time; the loaders of all events, and a person's shell, take turns. */
const LOCKED = 'Could not set lock on file';
/** 90 seconds, of the 120 that a loader has. */
const LOCK_TRIES_MAX = 900;
const LOCK_PAUSE_MS = 100;
/** Two seconds: a load is over by then, and a person wonders. */
const TRIES_IN_SILENCE = 20;
/** As DuckDB says it: `... is held in /usr/bin/duckdb (PID 123) by user ...`. */
const HOLDER = /held in (.*?\(PID \d+\))/;

/**
 * Opens, works, closes: who is idle holds no lock. A process must not open a file twice at a time.
 * @param onWait gets a line for a person when another process has held the file for two seconds, once.
 * @throws PipelineError `UNAVAILABLE` when another process holds the file for 90 seconds.
 */
export async function withDuckdb<Result>(
  path: string,
  accessMode: 'READ_WRITE' | 'READ_ONLY',
  work: (connection: DuckDBConnection) => Promise<Result>,
  onWait?: (line: string) => void,
): Promise<Result> {
  const instance = await openWhenUnlocked(path, accessMode, onWait);
  try {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

async function openWhenUnlocked(
  path: string,
  accessMode: string,
  onWait: ((line: string) => void) | undefined,
): Promise<DuckDBInstance> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await DuckDBInstance.create(path, { access_mode: accessMode });
    } catch (error) {
      if (!String(error).includes(LOCKED)) {
        throw error;
      }
      const holder = HOLDER.exec(String(error))?.[1] ?? 'another process';
      if (attempt === TRIES_IN_SILENCE) {
        onWait?.(`Waiting for "${path}", held by ${holder} ...`);
      }
      if (attempt === LOCK_TRIES_MAX) {
        const message = `Cannot open "${path}": ${holder} holds it, close it there`;
        throw new PipelineError('UNAVAILABLE', message, { retryable: true, cause: error });
      }
      await sleep(LOCK_PAUSE_MS);
    }
  }
}
