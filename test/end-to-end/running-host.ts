/** The product as a user runs it: `headrace start` in a process of its own, on free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { query } from '../../cli/warehouse-file.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import type { ObjectStore } from '../../pipeline/ports.ts';

export interface RunningHost {
  readonly ingestUrl: string;
  readonly kafkaBrokers: string;
  readonly awsEndpoint: string;
  readonly warehousePath: string;
  readonly metricsUrl: string;
  /** The process is gone when this resolves; its children end by themselves. */
  kill(): Promise<void>;
  /** As Ctrl-C does. @returns the exit code. */
  interrupt(): Promise<number | null>;
}

const ROOT = join(import.meta.dirname, '..', '..');
/** `npm run test:kafka` runs these tests on an Apache Kafka. */
const { HEADRACE_TEST_KAFKA } = process.env;
const BROKERS = HEADRACE_TEST_KAFKA ? ['--brokers', HEADRACE_TEST_KAFKA] : [];
const START_TIMEOUT_MS = 60_000;
const UNTIL_TIMEOUT_MS = 55_000;

/** A folder inside the project, because bundles find native modules by walking up from it. */
export function temporaryFolder(): string {
  const parent = join(ROOT, '.headrace');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'test-'));
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

/** Synthesizes every stack into the folder. */
export async function synthesize(assemblyDir: string): Promise<void> {
  const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  await run([cdk, 'synth', '--quiet', '--no-notices', '--output', assemblyDir]);
}

/** Runs Node with the arguments in the project's folder. @throws Error with what it printed when it fails. */
export async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new Error(`node ${args.join(' ')} exited with ${code}: ${output()}`);
  }
  return output();
}

/** @param kafka the options that say which Kafka it uses. */
export async function startHost(
  assemblyDir: string,
  dataDir: string,
  kafka: readonly string[] = BROKERS,
): Promise<RunningHost> {
  const args = ['bin/headrace.ts', 'start', '--assembly', assemblyDir, '--dir', dataDir, '--port', '0', ...kafka];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  await untilReady(child, output);
  const line = (pattern: RegExp): string => pattern.exec(output())?.[1] ?? '';
  const closed = once(child, 'close');
  return {
    ingestUrl: line(/Send events to ([^\s,]+)/),
    kafkaBrokers: line(/^ {2}Kafka +(\S+)$/m),
    awsEndpoint: line(/S3, SQS +(\S+)/),
    warehousePath: join(dataDir, 'warehouse.duckdb'),
    metricsUrl: line(/metrics +(\S+)/),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async interrupt() {
      child.kill('SIGINT');
      const [code] = (await closed) as [number | null];
      return code;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!output().includes('Ctrl-C')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`The host did not start: ${output()}`);
    }
    await pause();
  }
}

/** Waits until the condition holds. What a test that timed out still waits for ends too, and leaves the host alone. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + UNTIL_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`Not true within ${UNTIL_TIMEOUT_MS / 1000} seconds: ${condition}`);
    }
    await pause();
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

/** The first column of what the warehouse answers; empty as long as nothing was loaded. */
export async function column(host: RunningHost, sql: string): Promise<unknown[]> {
  try {
    const [answer] = await query(host.warehousePath, [sql]);
    return (answer?.rows ?? []).map(([value]) => value);
  } catch {
    return [];
  }
}

/** The lake of an event. */
export async function lakeOf(host: RunningHost, event: string): Promise<ObjectStore> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new S3Client({ endpoint: host.awsEndpoint, region: 'us-east-1', credentials });
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  const bucket = Buckets?.find(({ Name }) => Name?.includes(event.replaceAll('_', '-')))?.Name;
  if (!bucket) {
    throw new Error(`There is no lake of ${event}`);
  }
  return s3ObjectStore(bucket, client);
}
