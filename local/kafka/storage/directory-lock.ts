/** Keeps a data directory to one broker. */

import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Directories that this process holds: its own pid in a lock file does not say which run wrote it. */
const held = new Set<string>();

/**
 * Takes `directory`, creating it if need be, and returns the function that gives it back. A lock whose process is dead
 * is taken over; a process is known by its pid and, on Linux, its start time, so that a reused pid does not count.
 * @throws Error with one line when another process holds it or it cannot be written.
 */
export function lockDirectory(directory: string): () => void {
  try {
    mkdirSync(directory, { recursive: true });
    return take(realpathSync(directory));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot use "${directory}": ${reason}, give a directory that no other broker uses`);
  }
}

function take(directory: string): () => void {
  const path = join(directory, '.lock');
  if (held.has(directory)) throw new Error('it is in use by this process');
  const owner = readOwner(path);
  if (owner !== undefined) {
    if (isAlive(owner)) throw new Error(`it is in use by process ${owner.pid}`);
    unlinkSync(path);
  }
  const fd = openSync(path, 'wx');
  writeSync(fd, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  closeSync(fd);
  held.add(directory);
  return () => {
    held.delete(directory);
    unlinkSync(path);
  };
}

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function readOwner(path: string): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // A process that died between creating the file and writing to it.
    return { pid: -1, started: '' };
  }
}

function isAlive({ pid, started }: Owner): boolean {
  if (pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM' && startOf(pid) === started;
  }
  return startOf(pid) === started;
}

/** Clock ticks from boot to the process's start (proc_pid_stat(5), field 22); empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may contain spaces, so fields are counted from its closing parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
