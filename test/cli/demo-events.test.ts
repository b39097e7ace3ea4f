import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

test('headrace demo says in one line that an event it sends is not there, before it makes anything', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'headrace-demo-'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('bin/headrace.ts'), 'demo'], {
    cwd,
    encoding: 'utf8',
  });
  rmSync(cwd, { recursive: true });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'Cannot run the demo: it sends flight_departed, and there is no schemas/flight_departed\n',
  });
});
