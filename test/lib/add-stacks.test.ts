import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib/core';
import { addStacks } from '../../lib/add-stacks.ts';
import { eventStackName } from '../../pipeline/contract/names.ts';
import { templateFiles, testApp, testFolder } from './synthesize.ts';

function appWith(context: Record<string, string>): App {
  const app = testApp(context);
  addStacks(app);
  return app;
}

const events = readdirSync('schemas', { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const wholeApp = appWith({});
const whole = templateFiles(wholeApp);

test('addStacks adds the platform and a stack for each folder of schemas', () => {
  expect(Object.keys(whole).sort()).toEqual(['Platform', ...events.map(eventStackName)].sort());
});

test('addStacks deploys the platform before every event', () => {
  for (const event of events) {
    const stack = wholeApp.synth().getStackByName(eventStackName(event));
    expect(stack.dependencies.map(({ id }) => id)).toContain('Platform');
  }
});

test.each(events)('addStacks gives %s alone the same bytes as among all', (event) => {
  const name = eventStackName(event);
  expect(templateFiles(appWith({ event }))).toEqual({ [name]: whole[name] });
});

test('addStacks takes the schemas folder from the context, and the template does not depend on where it is', () => {
  const schemas = join(testFolder(), 'elsewhere');
  cpSync('schemas/order_created', join(schemas, 'order_created'), { recursive: true });
  const files = templateFiles(appWith({ schemas }));
  expect(Object.keys(files).sort()).toEqual(['Event-order-created', 'Platform']);
  expect(files['Event-order-created']).toBe(whole['Event-order-created']);
});

test('addStacks says which events there are when it does not know one', () => {
  expect(() => addStacks(testApp({ event: 'order_lost' }))).toThrow(
    `schemas: cannot synthesize "order_lost": no such event, allowed are ${events.join(', ')}`,
  );
});

test('bundle contains the AWS SDK and everything else but the native DuckDB', () => {
  const { directory } = wholeApp.synth();
  const bundles = readdirSync(directory).filter((name) => /^asset\.[0-9a-f]{64}$/.test(name));
  const modules = bundles.flatMap((name) =>
    readdirSync(join(directory, name))
      .filter((file) => file.endsWith('.mjs'))
      .flatMap((file) => importsOf(readFileSync(join(directory, name, file), 'utf8'))),
  );
  const foreign = modules.filter(
    (name) => !name.startsWith('.') && !builtinModules.includes(name.replace('node:', '')),
  );
  expect(bundles.length).toBeGreaterThanOrEqual(4);
  expect(modules).toContain('node:https');
  expect([...new Set(foreign)]).toEqual(['@duckdb/node-api']);
});

const importsOf = (source: string): string[] =>
  [...source.matchAll(/(?:^|[;\n}])import(?:[^;"'()]*?from)?\s*"([^"]+)"/g)].flatMap(([, name]) => name ?? []);

test.each([
  ['a contract that it cannot compile', (schemas: string) => ({ schemas }), 'Order-Created'],
  ['a stage that it does not know', () => ({ stage: 'prod' }), 'cannot take the stage "prod"'],
  ['such a stage of one event', () => ({ stage: 'prod', event: 'order_created' }), 'cannot take the stage "prod"'],
  ['an event that it does not know', () => ({ event: 'order_lost' }), 'cannot synthesize "order_lost"'],
])('the app answers %s with one line and exit status 1', (_, contextOf, reason) => {
  const schemas = testFolder();
  cpSync('schemas/order_created', join(schemas, 'Order-Created'), { recursive: true });
  const context: object = contextOf(schemas);
  const { status, stderr, stdout } = spawnSync(process.execPath, ['bin/app.ts'], {
    encoding: 'utf8',
    env: { ...process.env, CDK_OUTDIR: join(schemas, 'out'), CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  expect(stderr).toMatch(new RegExp(`^[^\\n]*${reason}[^\\n]*\\n$`));
  expect(stdout).toBe('');
  expect(status).toBe(1);
});
