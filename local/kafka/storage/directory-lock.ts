/** Keeps a data directory to one broker. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../../host-error.ts';
import { takeLock } from '../../take-lock.ts';

/**
 * Takes `directory`, creating it if need be, and returns the function that gives it back.
 * @throws HostError when another broker holds the directory or it cannot be written.
 */
export function lockDirectory(directory: string): () => void {
  const pidPath = join(directory, 'broker.pid');
  try {
    mkdirSync(directory, { recursive: true });
    const lock = takeLock(join(directory, 'broker.lock'));
    if (lock !== undefined) {
      writeFileSync(pidPath, String(process.pid));
      return () => lock.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostError(`Cannot keep topics in "${directory}": ${reason}, choose a directory that can be written`);
  }
  const owner = readFileSync(pidPath, 'utf8');
  throw new HostError(`Cannot keep topics in "${directory}": process ${owner} does so, stop it or choose another one`);
}
