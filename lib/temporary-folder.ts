/** Files for the moment in which CDK copies them into its output. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Contents by file name, without folders. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes the files to a new folder and deletes it when `use` returns or throws.
 * Enough for an asset: CDK copies it, under its hash, when the construct that has it is made.
 */
export function withTemporaryFolder<Result>(files: Files, use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-asset-'));
  try {
    for (const [name, contents] of Object.entries(files)) {
      writeFileSync(join(folder, name), contents);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
