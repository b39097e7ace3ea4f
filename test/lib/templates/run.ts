/**
 * `npm run test:templates`: every stage, with an event of each kind, is synthesized strictly with cdk-nag, and cfn-lint
 * reads the templates as a second opinion. cfn-lint comes from Python's package index.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { STAGES } from '../../../lib/config.ts';
import { copyEvent } from './copy-event.ts';

const CFN_LINT = 'cfn-lint==1.58.0';
const PACKAGES = join(import.meta.dirname, '../../../node_modules/.cache', CFN_LINT);

/** What else a contract may say that makes another template, beside the events there are. */
const KINDS = {
  on_redshift: 'warehouse:\n  target: redshift\n',
  on_snowflake: 'warehouse:\n  target: snowflake\n',
  on_athena: 'warehouse:\n  target: athena\n',
  with_pollers: 'sink:\n  pollersMax: 2\n',
} as const;

/** A dependency that a reference implies as well: CDK writes it on purpose, to hold for parts of a construct. */
const IGNORED = ['W3005'];

const folder = mkdtempSync(join(tmpdir(), 'headrace-templates-'));
try {
  const schemas = join(folder, 'schemas');
  cpSync('schemas', schemas, { recursive: true, filter: (source) => !source.endsWith('event.schema.json') });
  for (const [kind, yaml] of Object.entries(KINDS)) {
    copyEvent(schemas, 'order_created', `order_created_${kind}`, yaml);
  }
  const templates = Object.keys(STAGES).flatMap((stage) => synthesize(stage, schemas));
  lint(templates);
  console.log(`cfn-lint: ${templates.length} templates of ${Object.keys(STAGES).length} stages are clean`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns the paths of the stage's templates. */
function synthesize(stage: string, schemas: string): string[] {
  const output = join(folder, stage);
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  const context = ['-c', `stage=${stage}`, '-c', `schemas=${schemas}`, '-c', 'nag=true'];
  const options = ['--strict', '--quiet', '--no-notices', ...context, '--output', output];
  execFileSync(process.execPath, [cdk, 'synth', ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readdirSync(output)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => join(output, file));
}

function lint(templates: readonly string[]): void {
  fetchPackages();
  const env = { ...process.env, PYTHONPATH: PACKAGES, PYTHONDONTWRITEBYTECODE: '1' };
  const options = ['--regions', 'us-east-1', 'eu-central-1', '--ignore-checks', ...IGNORED];
  execFileSync('python3', [join(PACKAGES, 'bin', 'cfn-lint'), ...options, '--template', ...templates], {
    env,
    stdio: 'inherit',
  });
}

function fetchPackages(): void {
  if (existsSync(PACKAGES)) return;
  const partial = `${PACKAGES}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
  execFileSync('python3', [...pip, '--target', partial, CFN_LINT], { stdio: 'inherit' });
  renameSync(partial, PACKAGES);
}
