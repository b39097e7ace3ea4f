/** `cdk synth`, as a child process: the laptop host runs what it writes. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { CommandError } from './command-error.ts';

export const ASSEMBLY_DIR = 'cdk.out';

/** Synthesizes all stacks into `cdk.out`. @throws CommandError with what the app printed. */
export async function synth(): Promise<void> {
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  // The CDK runs `node bin/app.ts`: by the Node that runs this, which may not be the first on the path.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const child = spawn(process.execPath, [cdk, 'synth', '--quiet', '--no-notices', '--output', ASSEMBLY_DIR], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  const output: string[] = [];
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  child.stderr.on('data', (chunk) => output.push(String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code !== 0) {
    throw new CommandError(`Cannot synthesize the stacks:\n${output.join('').trim()}`);
  }
}
