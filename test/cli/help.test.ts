import { spawnSync } from 'node:child_process';

const headrace = (...words: string[]) =>
  spawnSync(process.execPath, ['bin/headrace.ts', ...words], { encoding: 'utf8' });

test('headrace COMMAND --help prints what the command takes, and nothing of the others', () => {
  const { status, stdout } = headrace('compact', '--help');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Usage: headrace compact EVENT +merge .*\n +--dir DIR.*\n +--min-age HOURS .*\n$/);
});

test('headrace help, --help and the help of a command that is none print all commands', () => {
  const all = headrace('help').stdout;
  expect(all).toMatch(/^ {2}start .*(\n.*)+^ {2}rebuild /m);
  expect(headrace('--help').stdout).toBe(all);
  expect(headrace('restart', '--help').stdout).toBe(all);
});
