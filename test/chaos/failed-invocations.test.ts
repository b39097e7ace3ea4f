import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedInvocations } from './failed-invocations.ts';

test('failedInvocations counts what ended with the code, once for each invocation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-logs-'));
  const lines = [
    'ERROR AggregateError: Cannot commit all of a batch: ServiceUnavailable: failed; ServiceUnavailable: failed',
    '2026-11-26T16:12:51.587Z ERROR Invoke Error ServiceUnavailable: failed',
    '{"level":"ERROR","message":"Load failed","error":"ServiceUnavailable: failed"}',
    'ERROR SlowDown: failed by a fault',
    'INFO ServiceUnavailable',
  ];
  writeFileSync(join(folder, 'sink.log'), lines.join('\n'));
  writeFileSync(join(folder, 'loader.log'), `${lines[0]}\n`);
  expect(failedInvocations(folder, 'ServiceUnavailable')).toBe(3);
  rmSync(folder, { recursive: true });
});
