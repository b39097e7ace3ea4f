/** `cdk synth`, as a child process: the laptop host runs what it writes. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { type AssemblyStack, readAssembly } from '../local/assembly.ts';
import { CommandError } from './command-error.ts';

export const ASSEMBLY_DIR = 'cdk.out';
export const SCHEMAS_DIR = 'schemas';

export interface SynthOptions {
  /** Where the stacks are written. @default 'cdk.out' */
  readonly output?: string;
  /** Where the events are. @default 'schemas' */
  readonly schemas?: string;
  /** Only this event's stack. @default all stacks */
  readonly event?: string | undefined;
  /** Of `STAGES` in lib/config.ts. @default the app's own */
  readonly stage?: string | undefined;
}

/** Stacks that are there already, or of which stage they are to be made. */
export interface StackSource {
  /** A folder with synthesized stacks. @default they are synthesized */
  readonly assembly?: string | undefined;
  readonly stage?: string | undefined;
}

/** @throws CommandError when they cannot be synthesized, or for a stage of stacks that are there already. */
export async function synthesizedStacks(
  { assembly, stage }: StackSource,
  output = ASSEMBLY_DIR,
): Promise<AssemblyStack[]> {
  if (assembly !== undefined && stage !== undefined) {
    throw new CommandError('Cannot use --stage with --assembly: those stacks have their stage already');
  }
  if (assembly === undefined) {
    await synth({ output, stage });
  }
  return readAssembly(assembly ?? output);
}

/** @throws CommandError with the names of those that there are. */
export function stackNamed(stacks: readonly AssemblyStack[], name: string): AssemblyStack {
  const stack = stacks.find((candidate) => candidate.name === name);
  if (stack === undefined) {
    const allowed = stacks.map((candidate) => candidate.name).join(', ');
    throw new CommandError(`Cannot find the stack "${name}": allowed are ${allowed}`);
  }
  return stack;
}

/** Synthesizes all stacks, which takes seconds and is told on stderr. @throws CommandError with what the app printed. */
export async function synth({
  output = ASSEMBLY_DIR,
  schemas = SCHEMAS_DIR,
  event,
  stage,
}: SynthOptions = {}): Promise<void> {
  console.error(`Synthesizing ${event ?? 'the stacks'} with the AWS CDK ...`);
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  // The CDK runs `node bin/app.ts`: by the Node that runs this, which may not be the first on the path.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const args = ['synth', '--quiet', '--no-notices', '--output', output, '--context', `schemas=${schemas}`];
  if (event !== undefined) {
    args.push('--context', `event=${event}`);
  }
  if (stage !== undefined) {
    args.push('--context', `stage=${stage}`);
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
