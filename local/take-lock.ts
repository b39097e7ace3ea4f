/** A lock that keeps a second process out of a folder. */
import { DatabaseSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/**
 * Takes the lock on `file`, which is made when it does not exist, until what is returned is closed; undefined when
 * another process has it. It is SQLite's on an empty database, because the operating system drops that one with the
 * process, whereas a pid in a file may have gone to somebody else by the next start.
 * @throws Error when the file cannot be written.
 */
export function takeLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
