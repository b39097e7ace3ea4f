/** Bundles of earlier syntheses, kept as long as no source has changed. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Files, writeWholeFolder } from './whole-folder.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(PROJECT, 'node_modules', '.cache', 'headrace-bundles');
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Everything that can change a bundle: what functions are made of, the packages, and how they are bundled. */
const INPUTS = ['lambdas', 'pipeline', 'package-lock.json', 'tsconfig.json', 'lib/bundle.ts'];

let inputs: string | undefined;

/**
 * The bundle as `build` makes it, or as it was made before of the same inputs. Hashing those takes about 30 ms,
 * bundling one function 300. A bundle that nobody has made for a day is forgotten when another is added.
 * @param key what tells the bundle from others of the same inputs.
 */
export function cachedBundle(key: string, build: () => Files): Files {
  inputs ??= hashInputs();
  const folder = join(CACHE, createHash('sha256').update(`${inputs}${key}`).digest('hex'));
  if (!existsSync(folder)) {
    forgetOldBundles();
    writeWholeFolder(folder, build());
  }
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
}

function hashInputs(): string {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    const path = join(PROJECT, input);
    const names = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [''];
    for (const file of names.sort().map((name) => join(path, name))) {
      if (statSync(file).isFile()) {
        hash.update(`${file}\0`).update(readFileSync(file));
      }
    }
  }
  return hash.digest('hex');
}

function forgetOldBundles(): void {
  for (const name of existsSync(CACHE) ? readdirSync(CACHE) : []) {
    if (Date.now() - statSync(join(CACHE, name)).mtimeMs > KEPT_MS) {
      rmSync(join(CACHE, name), { recursive: true, force: true });
    }
  }
}
