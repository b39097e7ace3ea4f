/** Keeps a data directory to one broker. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HostError } from '../../host-error.ts';

/** https://www.sqlite.org/rescode.html */
const sqliteBusy = 5;

/**
 * Takes `directory`, creating it if need be, and returns the function that gives it back. The lock is SQLite's on an
 * empty database, because the operating system drops it with the process, however that ends.
 * @throws HostError when another broker holds the directory or it cannot be written.
 */
export function lockDirectory(directory: string): () => void {
  const pidPath = join(directory, 'broker.pid');
  try {
    mkdirSync(directory, { recursive: true });
    const database = new DatabaseSync(join(directory, 'broker.lock'));
    if (!isTaken(database)) {
      writeFileSync(pidPath, String(process.pid));
      return () => database.close();
    }
    database.close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostError(`Cannot keep topics in "${directory}": ${reason}, choose a directory that can be written`);
  }
  const owner = readFileSync(pidPath, 'utf8');
  throw new HostError(`Cannot keep topics in "${directory}": process ${owner} does so, stop it or choose another one`);
}

/** Tries to take the lock. */
function isTaken(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return true;
    throw error;
  }
}
