/** Appending to a file, all or nothing. */

import { ftruncateSync, writeSync } from 'node:fs';

/**
 * Appends `bytes` to a file that has `size` bytes and is open for appending. Returns after write(2).
 * @throws Error of the file system; the file is then as it was before.
 */
export function appendWhole(fd: number, bytes: Buffer, size: number): void {
  try {
    // write(2) may write less than it is given.
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}
