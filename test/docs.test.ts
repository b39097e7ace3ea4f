import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const documents = ['README.md', ...globSync('docs/**/*.md')];
const sources = '{bench,bin,cli,lambdas,lib,local,pipeline,test}';
const commands = new Set(
  [...readFileSync('bin/headrace.ts', 'utf8').matchAll(/^ {4}case '([a-z-]+)':/gm)].map(([, name]) => name),
);
const scripts = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).scripts);
const sourceNames = new Set(globSync(`${sources}/**/*.ts`).map((path) => basename(path)));
const folders = new Set([...globSync(sources), 'docs', 'schemas']);

const matches = (file: string, pattern: RegExp): string[] =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, found]) => found ?? '');

test('the command line knows its commands', () => {
  expect([...commands]).toEqual(expect.arrayContaining(['start', 'status', 'cost', 'plan', 'audit']));
});

describe.each(documents)('%s', (file) => {
  test('names only commands of headrace and npm that exist', () => {
    expect(matches(file, /(?:npx |`)headrace ([a-z][a-z-]*)/g).filter((name) => !commands.has(name))).toEqual([]);
    expect(matches(file, /npm run ([a-z]+(?::[a-z]+)*)/g).filter((name) => !scripts.includes(name))).toEqual([]);
  });

  test('names only files and folders that exist', () => {
    const named = matches(file, /`([\w.-]+(?:\/[\w.-]+)*\/?)`/g);
    const paths = named.filter((path) => path.includes('/') && folders.has(path.slice(0, path.indexOf('/'))));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
    const bare = named.filter((name) => !name.includes('/') && name.endsWith('.ts'));
    expect(bare.filter((name) => !sourceNames.has(name))).toEqual([]);
  });

  test('links to files and headings that exist', () => {
    const links = matches(file, /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      return !existsSync(target) || (heading !== undefined && !headingsOf(target).has(heading));
    });
    expect(broken).toEqual([]);
  });
});

/** As GitHub makes anchors of them. */
const headingsOf = (file: string): ReadonlySet<string> =>
  new Set(
    matches(file, /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
