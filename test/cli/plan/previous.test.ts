import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployedTemplate, schemasAt } from '../../../cli/plan/previous.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-plan-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A repository with a commit, and a change that is not committed. */
async function repository(): Promise<string> {
  const path = join(folder, 'repository');
  await mkdir(join(path, 'schemas', 'order_created'), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', path, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      stdio: 'ignore',
    });
  git('init');
  const file = join(path, 'schemas', 'order_created', 'event.yaml');
  await writeFile(file, 'owner: before\n');
  git('add', '.');
  git('commit', '-m', 'first');
  await writeFile(file, 'owner: after\n');
  return path;
}

test('schemasAt: reads what was committed, and touches no file of the repository', async () => {
  const path = await repository();
  const schemas = (await schemasAt('HEAD', join(folder, 'out'), path)) as string;
  expect(await readFile(join(schemas, 'order_created', 'event.yaml'), 'utf8')).toBe('owner: before\n');
  expect(await readFile(join(path, 'schemas', 'order_created', 'event.yaml'), 'utf8')).toBe('owner: after\n');
  await expect(schemasAt('no-such-ref', join(folder, 'none'), path)).rejects.toThrow(
    'Cannot read schemas/ at "no-such-ref", so there is nothing to compare with: fatal: Not a valid object name no-such-ref; ' +
      'allowed is what git knows here as a commit, or --aws for what is deployed',
  );
  expect(existsSync(join(folder, 'none', 'schemas'))).toBe(false);
});

test('schemasAt: a commit without schemas/ has nothing, and neither has a folder that git does not know', async () => {
  const path = join(folder, 'empty');
  await mkdir(path);
  await expect(schemasAt('HEAD', join(folder, 'out'), path)).rejects.toThrow('not a git repository');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', path, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      stdio: 'ignore',
    });
  git('init');
  await expect(schemasAt('HEAD', join(folder, 'out'), path)).rejects.toThrow('so there is nothing to compare with');
  git('commit', '--allow-empty', '-m', 'first');
  expect(await schemasAt('HEAD', join(folder, 'out'), path)).toBeUndefined();
});

const answering = (answer: object | Error) => ({
  send: async () => {
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  },
});

test('deployedTemplate: is what CloudFormation has, or nothing when there is no such stack', async () => {
  const template = { Resources: { A: { Type: 'AWS::SQS::Queue' } } };
  const found = await deployedTemplate(answering({ TemplateBody: JSON.stringify(template) }) as never, 'Event-a');
  expect(found).toEqual(template);
  const missing = Object.assign(new Error('Stack with id Event-a does not exist'), { name: 'ValidationError' });
  expect(await deployedTemplate(answering(missing) as never, 'Event-a')).toBeUndefined();
  const denied = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
  await expect(deployedTemplate(answering(denied) as never, 'Event-a')).rejects.toThrow('not authorized');
});
