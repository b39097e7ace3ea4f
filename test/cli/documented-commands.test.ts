import { globSync, readFileSync } from 'node:fs';

const commands = new Set(
  [...readFileSync('bin/headrace.ts', 'utf8').matchAll(/^ {4}case '([a-z-]+)':/gm)].map(([, name]) => name),
);

test.each(['README.md', ...globSync('docs/**/*.md')])('%s names only commands of headrace that exist', (file) => {
  const text = readFileSync(file, 'utf8');
  const named = [...text.matchAll(/(?:npx |`)headrace ([a-z][a-z-]*)/g)].map(([, name]) => name);
  expect(named.filter((name) => !commands.has(name ?? ''))).toEqual([]);
});

test('the command line knows its commands', () => {
  expect([...commands]).toEqual(expect.arrayContaining(['start', 'status', 'cost', 'plan', 'audit']));
});
