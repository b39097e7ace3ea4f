/** A stand-in of a warehouse: a Python process that answers its API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../load/lake-fixture.ts';
import { type LakeServer, startLakeServer } from './lake-server.ts';

export interface StandIn {
  readonly url: string;
  readonly lakes: LakeServer;
  /** Asks the engine behind the API. */
  query(database: string, sql: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** @param name of the program `stand_ins/<name>_api.py`; run by the Python of HEADRACE_TEST_PYTHON. */
export async function startStandIn(name: string): Promise<StandIn> {
  const lakes = await startLakeServer();
  const folder = await mkdtemp(join(tmpdir(), `headrace-${name}-`));
  const program = join(import.meta.dirname, 'stand_ins', `${name}_api.py`);
  const python = process.env['HEADRACE_TEST_PYTHON'] ?? 'python3';
  // Bytecode would lie among the sources, and fakesnow leaves its temporary files behind.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: folder };
  const child = spawn(python, [program, lakes.url, folder], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const [port] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => [undefined])]);
  if (port === undefined) {
    lakes.close();
    await rm(folder, { recursive: true, force: true });
    throw new Error(`Cannot start the stand-in "${name}": it ended, see above`);
  }
  const url = `http://127.0.0.1:${String(port).trim()}`;
  return {
    url,
    lakes,
    async query(database, sql) {
      const response = await fetch(`${url}/query`, { method: 'POST', body: JSON.stringify({ database, sql }) });
      const body = await response.json();
      if (!response.ok) {
        throw new Error((body as { message: string }).message);
      }
      return body as Row[];
    },
    async stop() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      lakes.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
