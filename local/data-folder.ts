/** The folder that holds everything a host remembers, and the lock that keeps a second host out of it. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostError } from './host-error.ts';
import { takeLock } from './take-lock.ts';

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Absolute; made here. */
  readonly logsPath: string;
  /** For the /tmp of function environments. Absolute; made here, and empty: what was killed left its own behind. */
  readonly temporaryPath: string;
  /** Random, and the same as long as the folder is not emptied: eight hexadecimal digits. */
  readonly id: string;
  /**
   * Remembers the Kafka cluster whose offsets the folder's data tell; on another one they would start again, and new
   * records would pass for repeated ones.
   * @throws HostError when an earlier host used another cluster.
   */
  expectKafkaCluster(clusterId: string): void;
  /** Gives the folder up; nothing in it is removed. */
  unlock(): void;
}

/**
 * Makes the folder if need be and locks it for this process, until it unlocks or dies in whatever way.
 * @param fresh removes what an earlier host left, once the folder is locked.
 * @throws HostError when another host has it or the folder cannot be written.
 */
export function openDataFolder(folder: string, fresh = false): DataFolder {
  const path = resolve(folder);
  const logsPath = join(path, 'logs');
  const temporaryPath = join(path, 'tmp');
  const pidFile = join(path, PID_FILE);
  try {
    mkdirSync(path, { recursive: true });
    const lock = takeLock(join(path, LOCK_FILE));
    if (lock === undefined) {
      throw new HostError(
        `Cannot use the data folder "${path}": process ${readFileSync(pidFile, 'utf8')} uses it, stop that one first`,
      );
    }
    if (fresh) empty(path);
    mkdirSync(logsPath, { recursive: true });
    rmSync(temporaryPath, { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(temporaryPath);
    writeFileSync(pidFile, String(process.pid));
    return {
      path,
      logsPath,
      temporaryPath,
      id: remembered(join(path, 'folder-id'), randomUUID().slice(0, 8)),
      expectKafkaCluster: (clusterId) => expectKafkaCluster(path, clusterId),
      unlock: () => lock.close(),
    };
  } catch (error) {
    if (error instanceof HostError) throw error;
    const reason = (error as Error).message;
    throw new HostError(`Cannot write to the data folder "${path}": ${reason}, choose a folder that can be written`);
  }
}

/** Held by the process that uses the folder. */
export const LOCK_FILE = 'host.lock';
/** Names that process. */
export const PID_FILE = 'host.pid';

/** Everything but the lock and what SQLite keeps beside it. */
function empty(path: string): void {
  for (const name of readdirSync(path)) {
    if (!name.startsWith(LOCK_FILE)) rmSync(join(path, name), { recursive: true });
  }
}

/** What the file says; where it says nothing it is made to say the value. */
function remembered(file: string, value: string): string {
  const known = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (known === '') writeFileSync(file, value);
  return known || value;
}

function expectKafkaCluster(path: string, clusterId: string): void {
  const known = remembered(join(path, 'kafka-cluster-id'), clusterId);
  if (known !== clusterId) {
    const reason = `it was used with another Kafka cluster, ${known}, and this one is ${clusterId}`;
    throw new HostError(`Cannot use the data folder "${path}": ${reason}, take another --dir or the same Kafka`);
  }
}
