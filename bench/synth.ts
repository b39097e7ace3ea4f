/**
 * `node bench/synth.ts`: what a synthesis takes, and how large what it makes is, against the limits of this project.
 * 200 events are generated, half of them drained; each row says the measured value, the limit, and their ratio.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { textTable } from '../cli/text-table.ts';
import { bundle } from '../lib/bundle.ts';
import { copyEvent } from '../test/lib/templates/copy-event.ts';

const EVENTS = 200;
const SYNTHS: Array<[what: string, context: string[], secondsMax: number]> = [
  ['200 events', [], 10],
  ['one event of 200', ['-c', 'event=earthquake_reported_117'], 3],
];
const EVENT_BYTES_MAX = 30_000;
const EVENT_RESOURCES_MAX = 30;
const BUNDLE_BYTES_MAX: Readonly<Record<string, number>> = { proxy: 1_000_000 };
const BUNDLE_BYTES_MAX_DEFAULT = 3_000_000;

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: unknown }>>;
}

const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
try {
  const schemas = join(folder, 'schemas');
  for (let index = 1; index <= EVENTS; index++) {
    const more = index % 2 === 0 ? 'freshnessSeconds: 300\n' : '';
    copyEvent(schemas, 'earthquake_reported', `earthquake_reported_${String(index).padStart(3, '0')}`, more);
  }
  // Bundles once, so that the rows below find them as every synthesis but the first after a change does.
  const first = synthesize(schemas, []);
  console.log(
    `The first, which may have to bundle: ${first.seconds.toFixed(1)} s, ${first.cpuSeconds.toFixed(1)} s of CPU`,
  );
  const rows = SYNTHS.map(([what, context, secondsMax]) => {
    const { seconds, cpuSeconds } = synthesize(schemas, context);
    return row(`synth of ${what}: seconds, ${cpuSeconds.toFixed(1)} of CPU`, seconds, secondsMax);
  });
  console.log(textTable(['', 'measured', 'limit', 'ratio'], [...rows, ...sizes(first.output)]));
} finally {
  rmSync(folder, { recursive: true });
}

type Row = [what: string, measured: number, limit: number, ratio: number];

function row(what: string, measured: number, limit: number): Row {
  return [what, measured, limit, measured / limit];
}

function synthesize(
  schemas: string,
  context: readonly string[],
): { seconds: number; cpuSeconds: number; output: string } {
  const output = mkdtempSync(join(folder, 'out-'));
  const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
  const options = ['--quiet', '--no-notices', '-c', `schemas=${schemas}`, ...context, '--output', output];
  const started = performance.now();
  // bash's `times` adds up the processes of its command, which Node does not.
  const command = ['-c', '"$@" >&2 || exit 1; times', 'bash', process.execPath, cdk, 'synth', ...options];
  const { status, stdout, stderr } = spawnSync('bash', command, { encoding: 'utf8' });
  const seconds = (performance.now() - started) / 1_000;
  if (status !== 0) {
    throw new Error(`Cannot synthesize "${schemas}": ${stderr}`);
  }
  const ofChildren = stdout.trim().split('\n').at(-1) ?? '';
  const cpuSeconds = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + 60 * Number(m) + Number(s),
    0,
  );
  return { seconds, cpuSeconds, output };
}

/** The largest event stack, and the bundles of all functions. */
function sizes(output: string): Row[] {
  const paths = readdirSync(output).filter((file) => file.endsWith('.template.json'));
  const templates = paths.map((file) => ({ file, text: readFileSync(join(output, file), 'utf8') }));
  const events = templates.filter(({ file }) => file.startsWith('Event-'));
  const bytes = Math.max(...events.map(({ text }) => Buffer.byteLength(text)));
  const resources = Math.max(...events.map(({ text }) => Object.keys((JSON.parse(text) as Template).Resources).length));
  return [
    row('largest event stack, bytes', bytes, EVENT_BYTES_MAX),
    row('largest event stack, resources', resources, EVENT_RESOURCES_MAX),
    ...readdirSync('lambdas').map(bundleRow),
  ];
}

/** As a zip, source maps included. */
function bundleRow(name: string): Row {
  const files = Object.values(bundle(name, ['@duckdb/node-api']).files);
  const bytes = files.reduce((sum, contents) => sum + deflateRawSync(contents).length, 0);
  return row(`${name}: zipped bytes`, bytes, BUNDLE_BYTES_MAX[name] ?? BUNDLE_BYTES_MAX_DEFAULT);
}
