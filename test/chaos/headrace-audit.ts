/** `headrace audit`, as a person runs it beside the host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Prints what the audit says of the event. @returns a problem when it finds a fault. */
export async function headraceAudit(event: string, dataDir: string): Promise<string[]> {
  const args = [join(ROOT, 'bin', 'headrace.ts'), 'audit', event, '--dir', dataDir, '--files'];
  const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? [] : [`${event}: headrace audit ended with ${code}`];
}
