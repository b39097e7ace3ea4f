/** A DuckDB file, opened for one piece of work and closed again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PipelineError } from '../errors.ts';

/** DuckDB lets one process open a file at a time; the loaders of all events, and a person's shell, take turns. */
const LOCKED = 'Could not set lock on file';
/** 90 seconds, of the 120 that a loader has. */
const LOCK_TRIES_MAX = 900;
const LOCK_PAUSE_MS = 100;

/**
 * Opens, works, closes: who is idle holds no lock. A process must not open a file twice at a time.
 * @throws PipelineError `UNAVAILABLE` when another process holds the file for 90 seconds.
 */
export async function withDuckdb<Result>(
  path: string,
  accessMode: 'READ_WRITE' | 'READ_ONLY',
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const instance = await openWhenUnlocked(path, accessMode);
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

async function openWhenUnlocked(path: string, accessMode: string): Promise<DuckDBInstance> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await DuckDBInstance.create(path, { access_mode: accessMode });
    } catch (error) {
      if (!String(error).includes(LOCKED)) {
        throw error;
      }
      if (attempt === LOCK_TRIES_MAX) {
        const message = `Cannot open "${path}": another process holds it, close it there`;
        throw new PipelineError('UNAVAILABLE', message, { retryable: true, cause: error });
      }
      await sleep(LOCK_PAUSE_MS);
    }
  }
}
