/** Bundles the source of a function into ES modules. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { type HashedFiles, hashFiles } from './assembly-asset.ts';
import { cachedBundle } from './bundle-cache.ts';
import type { Files } from './whole-folder.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** Lambda's `Handler` for every bundle: the export `handler` of `index.mjs`. */
export const BUNDLE_HANDLER = 'index.handler';

const bundles = new Map<string, HashedFiles>();

/**
 * Bundles `lambdas/<name>/handler.ts` with everything it imports, the AWS SDK included: what was tested is what runs,
 * not the version that a runtime update brings.
 * Once per name and process, however many events use it. The bytes depend on the sources alone, not on where the
 * project or the output lies, so the same commit gives the same asset hash on every machine.
 * @param external packages left to the place where the function runs, such as native ones.
 */
export function bundle(name: string, external: readonly string[]): HashedFiles {
  const make = () => cachedBundle(JSON.stringify([name, external]), () => build(name, external));
  const files = bundles.get(name) ?? hashFiles(make());
  bundles.set(name, files);
  return files;
}

function build(name: string, external: readonly string[]): Files {
  const { outputFiles } = buildSync({
    absWorkingDir: PROJECT,
    entryPoints: [`lambdas/${name}/handler.ts`],
    // Nothing is written there, but the paths in the source maps are relative to it.
    outdir: `lambdas/${name}`,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    // What is imported only when needed stays apart: unused sign-in methods, and the client of another warehouse.
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Packages' ES modules first: unlike their CommonJS they can be cut down to what is used.
    mainFields: ['module', 'main'],
    external: [...external],
    // CommonJS packages inside an ES module still call `require` for Node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    minify: true,
    // Errors are told apart, in code and in logs, by the names of their classes.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}
