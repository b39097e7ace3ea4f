/** A disk that a test can fill, and a limit on open files, without mounts or rights. */

import * as fs from 'node:fs';
import { jest } from '@jest/globals';

/** What the disk refuses. Tests put it back to `emptyDisk` when they are done. */
export interface TestDisk {
  /** Whether writes to the file fail with ENOSPC; as on a disk, the first may still take a part. */
  isFull: (path: string) => boolean;
  /** Opening one more file fails with EMFILE. */
  openFilesMax: number;
}

/** Everything is allowed. */
export const emptyDisk: TestDisk = { isFull: () => false, openFilesMax: Number.POSITIVE_INFINITY };

/** Puts the disk under all modules that are imported after this call: it replaces `node:fs` for them. */
export function mockDisk(): { readonly disk: TestDisk; readonly openFiles: ReadonlyMap<number, string> } {
  const disk = { ...emptyDisk };
  const openFiles = new Map<number, string>();
  const refuse = (code: string, path: string) => Object.assign(new Error(`${code}: refused, '${path}'`), { code });
  const openSync = (path: string, flags: string) => {
    if (openFiles.size >= disk.openFilesMax) throw refuse('EMFILE', path);
    const fd = fs.openSync(path, flags);
    openFiles.set(fd, path);
    return fd;
  };
  const closeSync = (fd: number) => {
    fs.closeSync(fd);
    openFiles.delete(fd);
  };
  const writeSync = (fd: number, bytes: Buffer, from: number) => {
    const path = openFiles.get(fd) ?? '';
    if (!disk.isFull(path)) return fs.writeSync(fd, bytes, from);
    const part = Math.floor(bytes.length / 2);
    if (from > 0 || part === 0) throw refuse('ENOSPC', path);
    return fs.writeSync(fd, bytes, 0, part);
  };
  const writeFileSync = (path: string, text: string) => {
    if (disk.isFull(path)) throw refuse('ENOSPC', path);
    fs.writeFileSync(path, text);
  };
  jest.unstable_mockModule('node:fs', () => ({ ...fs, openSync, closeSync, writeSync, writeFileSync }));
  return { disk, openFiles };
}
