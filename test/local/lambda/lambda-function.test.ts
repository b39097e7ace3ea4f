import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { FaultRules } from '../../../local/fault-rules.ts';
import type { FunctionDefinition } from '../../../local/lambda/function-definition.ts';
import type { FunctionFault } from '../../../local/lambda/function-faults.ts';
import { type FunctionError, type InvocationResult, PAYLOAD_BYTES_MAX } from '../../../local/lambda/invocation.ts';
import { LambdaFunction } from '../../../local/lambda/lambda-function.ts';
import { RuntimeApi } from '../../../local/lambda/runtime-api.ts';
import { temporaryFolder } from '../fixture-assembly.ts';

const faults = new FaultRules<FunctionFault>();
const runtimeApi = new RuntimeApi();
const started: LambdaFunction[] = [];
let errors: FunctionError[] = [];

beforeAll(() => runtimeApi.start());
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
  errors = [];
  faults.clear();
});
afterAll(() => runtimeApi.close());

function define(source: string, overrides: Partial<FunctionDefinition> = {}): FunctionDefinition {
  const dir = temporaryFolder();
  const codeDir = join(dir, 'code');
  mkdirSync(codeDir);
  writeFileSync(join(codeDir, 'index.mjs'), source);
  return {
    name: 'fixture',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture',
    codeDir,
    environment: { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: codeDir, AWS_LAMBDA_FUNCTION_NAME: 'fixture' },
    timeoutSeconds: 30,
    memoryMegabytes: 128,
    concurrency: 1,
    logFile: join(dir, 'fixture.log'),
    temporaryDir: join(dir, 'tmp'),
    ...overrides,
  };
}

function startFunction(source: string, overrides: Partial<FunctionDefinition> = {}): LambdaFunction {
  const started_ = new LambdaFunction(define(source, overrides), runtimeApi, (_, error) => errors.push(error), faults);
  started.push(started_);
  return started_;
}

const invoke = (target: LambdaFunction, event: unknown = {}) => target.invoke(Buffer.from(JSON.stringify(event)));
const value = (result: InvocationResult): unknown =>
  result.ok ? JSON.parse(String(result.payload)) : { failed: result.error.errorType };

test('invoke passes the event and a Lambda context, and reuses the environment', async () => {
  const target = startFunction(`
    let calls = 0;
    export const handler = async (event, context) => ({
      event, calls: ++calls, name: context.functionName, arn: context.invokedFunctionArn,
      id: context.awsRequestId, remaining: context.getRemainingTimeInMillis(), pid: process.pid,
    });`);
  const first = value(await invoke(target, { a: 'é' })) as Record<string, unknown>;
  const second = value(await invoke(target)) as Record<string, unknown>;
  expect(first).toMatchObject({ event: { a: 'é' }, calls: 1, name: 'fixture', arn: target.definition.arn });
  expect(first['remaining']).toBeGreaterThan(20_000);
  expect(first['remaining']).toBeLessThanOrEqual(30_000);
  expect(second).toMatchObject({ calls: 2, pid: first['pid'] });
  expect(second['id']).not.toBe(first['id']);
});

test('Ctrl-C in the terminal of the host ends no function', async () => {
  const target = startFunction('export const handler = async () => process.pid;');
  const pid = value(await invoke(target)) as number;
  process.kill(pid, 'SIGINT');
  expect(value(await invoke(target))).toBe(pid);
  expect(value(await invoke(target))).toBe(pid);
});

test('invoke runs as many at once as the concurrency allows, and one at a time in each environment', async () => {
  const source = `
    let running = 0;
    export const handler = async () => {
      running++;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return { pid: process.pid, running: running-- };
    };`;
  const target = startFunction(source, { concurrency: 2 });
  const results = (await Promise.all([1, 2, 3, 4, 5].map(() => invoke(target)))).map(value) as Record<
    string,
    unknown
  >[];
  expect(new Set(results.map(({ pid }) => pid)).size).toBe(2);
  expect(results.every(({ running }) => running === 1)).toBe(true);
});

test('invoke gives the error that a handler throws, and goes on in the same environment', async () => {
  const target = startFunction(`
    export const handler = async ({ fail }) => {
      if (fail) throw new TypeError('no such thing');
      return process.pid;
    };`);
  const before = value(await invoke(target));
  const result = await invoke(target, { fail: true });
  expect(result).toMatchObject({ ok: false, error: { errorType: 'TypeError', errorMessage: 'no such thing' } });
  expect(value(await invoke(target))).toBe(before);
  expect(errors.map(({ errorMessage }) => errorMessage)).toEqual(['no such thing']);
  expect(readFileSync(target.definition.logFile, 'utf8')).toMatch(/Invoke Error TypeError: no such thing/);
});

test('a line of console has time, request id and level in front, as on Lambda; one of standard output is as written', async () => {
  const target = startFunction(`
    console.warn('starts');
    export const handler = async (_, { awsRequestId }) => {
      console.log('%s is not', '{"level":"ERROR"}');
      console.error('two\\nlines', 3);
      process.stdout.write('{"level":"ERROR"}\\n');
      return awsRequestId;
    };`);
  const id = value(await invoke(target));
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  const lines = [
    `${time}\t\tWARN\tstarts`,
    `${time}\t${id}\tINFO\t\\{"level":"ERROR"\\} is not`,
    `${time}\t${id}\tERROR\ttwo`,
    'lines 3',
    '\\{"level":"ERROR"\\}',
  ];
  expect(readFileSync(target.definition.logFile, 'utf8')).toMatch(new RegExp(`^${lines.join('\n')}\n$`));
});

test('invoke fails when the timeout passes, kills the environment and starts another one', async () => {
  const source = `export const handler = ({ hang }) => (hang ? new Promise(() => setInterval(() => {}, 9)) : process.pid);`;
  const target = startFunction(source, { timeoutSeconds: 1 });
  const before = value(await invoke(target));
  const result = await invoke(target, { hang: true });
  expect(result).toMatchObject({
    error: {
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
    },
  });
  const after = value(await invoke(target));
  expect(after).toEqual(expect.any(Number));
  expect(after).not.toBe(before);
});

test('invoke fails when the process exits, and the next one gets a new process', async () => {
  const target = startFunction(`export const handler = async ({ exit }) => (exit ? process.exit(3) : 'fine');`);
  const result = await invoke(target, { exit: true });
  expect(result).toMatchObject({
    error: { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: exit status 3' },
  });
  expect(value(await invoke(target))).toBe('fine');
});

test('invoke fails when no process can be started, and stop does not wait for it', async () => {
  const target = startFunction('', { codeDir: '/no/such/folder', concurrency: 2 });
  const result = {
    ok: false,
    error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('ENOENT') },
  };
  expect(await Promise.all([invoke(target), invoke(target), invoke(target)])).toMatchObject([result, result, result]);
  expect(errors[0]?.errorMessage).toMatch('Cannot start a process in "/no/such/folder"');
  const stopped = startFunction('', { codeDir: '/no/such/folder' });
  const waiting = invoke(stopped);
  await stopped.stop();
  expect(value(await waiting)).toEqual({ failed: 'Runtime.ExitError' });
});

test.each([
  ['a module that throws', `throw new RangeError('bad start');`, 'RangeError', 'bad start'],
  ['a module that does not parse', 'export const = 1', 'SyntaxError', ''],
  ['a missing export', 'export const other = 1;', 'Error', 'index.handler is undefined or not exported'],
  ['a module that exits', 'process.exit(4)', 'Runtime.ExitError', 'exit status 4'],
])('invoke gives the init error of %s', async (_, source, errorType, message) => {
  const result = await invoke(startFunction(source));
  expect(result).toMatchObject({ ok: false, error: { errorType, errorMessage: expect.stringContaining(message) } });
});

test('invoke refuses payloads over 6 MB in both directions as Lambda does', async () => {
  const target = startFunction(`export const handler = async ({ size }) => 'x'.repeat(size);`);
  expect(value(await target.invoke(Buffer.alloc(PAYLOAD_BYTES_MAX + 1, 32)))).toEqual({
    failed: 'RequestEntityTooLargeException',
  });
  expect(await invoke(target, { size: PAYLOAD_BYTES_MAX })).toMatchObject({
    error: { errorType: 'Function.ResponseSizeTooLarge' },
  });
  const largest = await invoke(target, { size: PAYLOAD_BYTES_MAX - 2 });
  expect(largest.ok && largest.payload.length).toBe(PAYLOAD_BYTES_MAX);
});

test('invoke returns null for a handler that returns nothing', async () => {
  expect(value(await invoke(startFunction('export const handler = async () => {};')))).toBeNull();
});

test('a function gets only its own environment variables, and packages that its bundle leaves out', async () => {
  const target = startFunction(
    `import { Kafka } from 'kafkajs';
     export const handler = async () => ({ names: Object.keys(process.env), kafka: typeof Kafka });`,
  );
  const { names, kafka } = value(await invoke(target)) as { names: string[]; kafka: string };
  expect(names.sort()).toEqual([
    'AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_RUNTIME_API',
    'LAMBDA_TASK_ROOT',
    'TMPDIR',
    '_HANDLER',
  ]);
  expect(kafka).toBe('function');
});

const SLOW = `
  export const handler = async ({ slow }, context) => {
    if (slow) await new Promise(() => setInterval(() => {}, 9));
    return { pid: process.pid, left: context.getRemainingTimeInMillis() };
  };`;

test.each<[FunctionFault['effect']['kind'], object]>([
  ['timeout', { errorType: 'Sandbox.Timedout', errorMessage: expect.stringMatching(/timed out after 0\.05 seconds$/) }],
  ['kill', { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: SIGKILL' }],
])('a fault ends an invocation of the functions that it names by %s, and no other', async (kind, error) => {
  const [target, spared] = [startFunction(SLOW), startFunction(SLOW, { name: 'other' })];
  faults.add({ function: /^fixture$/, times: 1, effect: { kind, afterMs: 50 } });
  expect(value(await invoke(spared))).toMatchObject({ pid: expect.any(Number) });
  expect(await invoke(target, { slow: true })).toMatchObject({ ok: false, error });
  expect(value(await invoke(target))).toMatchObject({ pid: expect.any(Number) });
});

test('a timeout by a fault leaves the deadline as it is, and spares an invocation that is faster', async () => {
  const target = startFunction(SLOW);
  faults.add({ effect: { kind: 'timeout', afterMs: 20_000 } });
  expect((value(await invoke(target)) as { left: number }).left).toBeGreaterThan(20_000);
});

test('crash kills the processes that have an invocation, and no idle one', async () => {
  const target = startFunction(SLOW, { concurrency: 2 });
  const [first, second] = await Promise.all([invoke(target), invoke(target)]);
  expect(target.crash()).toBe(0);
  const slow = invoke(target, { slow: true });
  expect(target.crash()).toBe(1);
  expect(value(await slow)).toEqual({ failed: 'Runtime.ExitError' });
  const { pid } = value(await invoke(target)) as { pid: number };
  expect([value(first), value(second)].map((each) => (each as { pid: number }).pid)).toContain(pid);
});

test('an environment has a /tmp of its own, which ends with it, however it ends', async () => {
  const target = startFunction(`
    import { mkdtempSync, readdirSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { dirname, join } from 'node:path';
    export const handler = async ({ exit }) => {
      mkdtempSync(join(tmpdir(), 'left-'));
      return exit ? process.exit(1) : { tmp: tmpdir(), count: readdirSync(tmpdir()).length };
    };`);
  await invoke(target);
  const { tmp, count } = value(await invoke(target)) as { tmp: string; count: number };
  expect([dirname(tmp), count]).toEqual([target.definition.temporaryDir, 2]);
  await invoke(target, { exit: true });
  expect(value(await invoke(target))).toMatchObject({ count: 1 });
  await target.stop();
  expect(readdirSync(target.definition.temporaryDir)).toEqual([]);
});

test('an environment that has nothing to do ends after its time, and the next invocation has a new one', async () => {
  const target = new LambdaFunction(
    define('export const handler = async () => process.pid;'),
    runtimeApi,
    (_, error) => errors.push(error),
    faults,
    1,
  );
  started.push(target);
  const pid = value(await invoke(target)) as number;
  await eventually(() => (isAlive(pid) ? undefined : 'gone'));
  expect(value(await invoke(target))).not.toBe(pid);
  expect(errors).toEqual([]);
});

test('stop ends a running invocation and every process', async () => {
  const target = startFunction(`
    export const handler = async ({ hang }) => { if (hang) await new Promise(() => setInterval(() => {}, 9)); return process.pid; };`);
  const pid = value(await invoke(target)) as number;
  const hanging = invoke(target, { hang: true });
  await target.stop();
  expect(value(await hanging)).toEqual({ failed: 'Runtime.ExitError' });
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(value(await invoke(target))).toEqual({ failed: 'Runtime.ExitError' });
});

test('processes of functions die with a host that is killed, also in the middle of an invocation', async () => {
  const definition = define(`
    import { writeFileSync } from 'node:fs';
    export const handler = async ({ file }) => {
      writeFileSync(file, String(process.pid));
      await new Promise(() => setInterval(() => {}, 1000));
    };`);
  const pidFile = join(definition.codeDir, 'pid');
  const module = (name: string) =>
    JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../local/lambda', name)).href);
  const script = `
    import { LambdaFunction } from ${module('lambda-function.ts')};
    import { RuntimeApi } from ${module('runtime-api.ts')};
    const api = new RuntimeApi();
    await api.start();
    const target = new LambdaFunction(${JSON.stringify(definition)}, api, () => {});
    await target.invoke(Buffer.from(JSON.stringify({ file: ${JSON.stringify(pidFile)} })));`;
  const host = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const pid = Number(await eventually(() => readFileSync(pidFile, 'utf8') || undefined));
  expect(isAlive(pid)).toBe(true);
  host.kill('SIGKILL');
  await once(host, 'exit');
  expect(await eventually(() => (isAlive(pid) ? undefined : 'gone'))).toBe('gone');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Polls until `probe` gives a value; the test's own timeout ends a wait that never succeeds. */
async function eventually<Found>(probe: () => Found | undefined): Promise<Found> {
  for (;;) {
    try {
      const found = probe();
      if (found !== undefined) return found;
    } catch {
      // Not there yet.
    }
    await sleep(20);
  }
}
