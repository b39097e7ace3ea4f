/**
 * `npm run test:warehouses [-- paths of tests]`: Redshift, Snowflake and Athena on their stand-ins, and every statement
 * parsed in its dialect. Needs Python 3.11 or later with its package index, and PostgreSQL's programs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAND_INS = join(import.meta.dirname, 'stand_ins');
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const HOW = 'install python3 and python3-venv (3.11 or later) and postgresql';

/** The Python with the pinned packages; made once for each list of them. */
function preparePython(): string {
  const requirements = join(STAND_INS, 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join('node_modules', '.cache', 'headrace-warehouses', version);
  const python = join(process.cwd(), folder, 'bin', 'python');
  const done = join(folder, 'installed');
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    run('python3', ['-m', 'venv', folder]);
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
    writeFileSync(done, '');
  }
  return python;
}

function run(command: string, options: readonly string[]): void {
  const { status, error } = spawnSync(command, options, { stdio: 'inherit' });
  if (error || status !== 0) {
    throw new Error(
      `Cannot run "${command} ${options.join(' ')}": ${error?.message ?? `it ended with ${status}`}; ${HOW}`,
    );
  }
}

function main(paths: readonly string[]): void {
  if (!existsSync('/usr/lib/postgresql') && spawnSync('postgres', ['--version']).status !== 0) {
    throw new Error(`Cannot find PostgreSQL, on which Redshift's SQL runs; ${HOW}`);
  }
  const python = preparePython();
  run(python, [join(STAND_INS, 'parse_statements.py'), join(import.meta.dirname, '..', 'adapters', 'sql')]);
  // One after the other: each suite has its stand-in, and the cores are few.
  const { status } = spawnSync(process.execPath, [...JEST, '--runInBand', ...paths], {
    stdio: 'inherit',
    env: { ...process.env, HEADRACE_TEST_PYTHON: python },
  });
  process.exitCode = status ?? 1;
}

const paths = process.argv.slice(2);
try {
  main(paths.length > 0 ? paths : ['test/pipeline/warehouses']);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
