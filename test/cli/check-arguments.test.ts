import { spawnSync } from 'node:child_process';

test.each([['order_created'], ['--dir=elsewhere']])('headrace check refuses %s, which it would not look at', (word) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/headrace.ts', 'check', word], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(word.split('=')[0]);
});
