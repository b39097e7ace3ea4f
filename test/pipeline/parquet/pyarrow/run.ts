/** Has pyarrow read what the writer writes; needs Python 3.10 or later and its package index. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFixtures } from './write-fixtures.ts';

const PYARROW = 'pyarrow==26.0.1';

const folder = mkdtempSync(join(tmpdir(), 'headrace-pyarrow-'));
try {
  await writeFixtures(folder);
  const python = join(folder, 'venv', 'bin', 'python');
  execFileSync('python3', ['-m', 'venv', join(folder, 'venv')]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PYARROW]);
  execFileSync(python, [join(import.meta.dirname, 'read_back.py'), folder], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
