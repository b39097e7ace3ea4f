/** Bundles the source of a function into ES modules. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** Lambda's `Handler` for every bundle: the export `handler` of `index.mjs`. */
export const BUNDLE_HANDLER = 'index.handler';

const folders = new Map<string, string>();

/**
 * Bundles `lambdas/<name>/handler.ts` with everything it imports, the AWS SDK included: what was tested is what runs,
 * not the version that a runtime update brings.
 * Once per name and process, however many events use it. The bytes depend on the sources alone, not on where the
 * project or the output lies, so the same commit gives the same asset hash on every machine.
 * @param external packages left to the place where the function runs, such as native ones.
 * @returns the folder of the bundle; it is deleted when the process ends.
 */
export function bundle(name: string, external: readonly string[]): string {
  const known = folders.get(name);
  if (known !== undefined) {
    return known;
  }
  const folder = mkdtempSync(join(tmpdir(), `headrace-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const { path, contents } of build(name, external)) {
    writeFileSync(join(folder, basename(path)), contents);
  }
  folders.set(name, folder);
  return folder;
}

function build(name: string, external: readonly string[]): ReadonlyArray<{ path: string; contents: Uint8Array }> {
  return buildSync({
    absWorkingDir: PROJECT,
    entryPoints: [`lambdas/${name}/handler.ts`],
    // Not written there: the source map's paths are relative to it, and a temporary folder's would differ each time.
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
  }).outputFiles;
}
