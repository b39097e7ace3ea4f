/** Folders that are there whole or not at all. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Contents by file name, without folders. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes the files to a new folder, which others may write at the same time: the first one wins. For folders that are
 * named by their contents, so that what is found under a name can be taken for complete and right.
 */
export function writeWholeFolder(folder: string, files: Files): void {
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}-`);
  try {
    for (const [name, contents] of Object.entries(files)) {
      writeFileSync(join(unfinished, name), contents);
    }
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) {
      throw error;
    }
  }
}
