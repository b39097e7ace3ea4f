/** `cdk synth`, as a child process: the laptop host runs what it writes. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { CommandError } from './command-error.ts';

export const ASSEMBLY_DIR = 'cdk.out';

export interface SynthOptions {
  /** Where the stacks are written. @default 'cdk.out' */
  readonly output?: string;
  /** Where the events are. @default 'schemas' */
  readonly schemas?: string;
  /** Only this event's stack. @default all stacks */
  readonly event?: string;
}

/** Synthesizes all stacks, which takes seconds and is told on stderr. @throws CommandError with what the app printed. */
export async function synth({ output = ASSEMBLY_DIR, schemas = 'schemas', event }: SynthOptions = {}): Promise<void> {
  console.error(`Synthesizing ${event ?? 'the stacks'} with the AWS CDK ...`);
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  // The CDK runs `node bin/app.ts`: by the Node that runs this, which may not be the first on the path.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const args = ['synth', '--quiet', '--no-notices', '--output', output, '--context', `schemas=${schemas}`];
  if (event !== undefined) {
    args.push('--context', `event=${event}`);
  }
  const child = spawn(process.execPath, [cdk, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  const printed: string[] = [];
  child.stdout.on('data', (chunk) => printed.push(String(chunk)));
  child.stderr.on('data', (chunk) => printed.push(String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code !== 0) {
    throw new CommandError(`Cannot synthesize the stacks:\n${printed.join('').trim()}`);
  }
}
