/** Has pyarrow, which is Parquet's C++ implementation, read the fixtures; needs Python 3.10 and its package index. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const VERSION = '26.0.1';
const PACKAGES = join(import.meta.dirname, '../../../../node_modules/.cache/pyarrow', VERSION);

/** What is missing on this machine, or undefined. */
export function missingForPyarrow(): string | undefined {
  const { status } = spawnSync('python3', ['-m', 'pip', '--version']);
  return status === 0 ? undefined : 'python3 with pip not found: Python 3.10 or later is needed';
}

/** @throws Error where a value, a type, a bound or a filter is not what was written */
export async function readByPyarrow(folder: string): Promise<string> {
  await fetchPackages();
  const program = join(import.meta.dirname, 'read_back.py');
  const env = { ...process.env, PYTHONPATH: PACKAGES, PYTHONDONTWRITEBYTECODE: '1' };
  return execFileSync('python3', [program, folder], { env }).toString('utf8').trim();
}

async function fetchPackages(): Promise<void> {
  if (existsSync(PACKAGES)) return;
  const folder = `${PACKAGES}.partial`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
  execFileSync('python3', [...pip, '--target', folder, `pyarrow==${VERSION}`]);
  await rename(folder, PACKAGES);
}
