/**
 * Compares Parquet writers on the same rows: `node bench/parquet.ts [--rows 1000000] [--shapes nested,flat,wide]
 * [--parts objects,protobuf,memory,files,floor,cold]`. Each measurement is a process of its own; CPU seconds count all of its
 * threads, so they depend little on what else the machine does, and ratios less still. All writers of a comparison get
 * the same number of rows, so that what a process spends once, on compiling, weighs the same. The part `files` makes
 * smaller files of as many rows in each process; a million rows in all parts take about 10 minutes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import type { BenchCompression } from './parquet/bench-writer.ts';
import { floor } from './parquet/floor.ts';
import type { Shape } from './parquet/rows.ts';
import { type Measured, runMeasure } from './parquet/run-measure.ts';
import { judged, type Verdict } from './parquet/targets.ts';

const { values: args } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    shapes: { type: 'string', default: 'nested,flat,wide' },
    parts: { type: 'string', default: 'objects,protobuf,memory,files,floor,cold' },
  },
});
const rows = Number(args.rows);
const shapes = args.shapes.split(',') as Shape[];
const parts = args.parts.split(',');

/** A row of 100 columns is as much as some dozen of the others; slower writers would take minutes. */
const WIDE_ROWS_MAX = 100_000;
const FILE_ROWS = [1000, 10_000, 100_000, 1_000_000];
/** Rows of small files, in one process, by all writers. */
const SMALL_FILES_ROWS = 100_000;
const SNAPPY_WRITERS = ['headrace', 'duckdb', 'hyparquet-writer', 'parquet-wasm', 'parquetjs-lite'];
/** Enough for a whole row group. */
const MEMORY_ROWS_MIN = 500_000;
const COLD_TRIES = 5;

const verdicts: Verdict[] = [];
for (const shape of shapes) {
  if (parts.includes('objects')) compareWriters(shape);
  if (parts.includes('protobuf') && shape !== 'wide') compareDecoders(shape);
  if (parts.includes('memory') && shape !== 'wide') measureMemory(shape);
  if (parts.includes('files')) measureFileSizes(shape);
  if (parts.includes('floor')) printFloor(shape);
}
if (parts.includes('cold')) measureColdStart();
table(
  ['target', 'needed', 'measured', 'met'],
  verdicts.map(({ target, needed, measured, met }) => [target, needed, measured, met ? 'yes' : 'NO']),
);

function compareWriters(shape: Shape): void {
  const snappy = SNAPPY_WRITERS.map((name) => measure(name, shape, 'snappy'));
  printWriters(`${shape}, from objects, snappy`, snappy);
  const zstd = ['headrace', 'duckdb', 'parquet-wasm'].map((name) => measure(name, shape, 'zstd'));
  printWriters(`${shape}, from objects, zstd`, zstd);
  if (shape !== 'wide') verdicts.push(...judged.writers(shape, snappy, zstd));
}

function compareDecoders(shape: Shape): void {
  const measured = ['headrace-protobuf', 'protobuf-es', 'protobufjs'].map((name) => measure(name, shape, 'zstd'));
  printWriters(`${shape}, from Protobuf: to a zstd file, and to objects only`, measured);
  verdicts.push(...judged.decoders(shape, measured));
}

/** In a small heap, as the garbage of making rows is not the writer's. Column stores lie outside of the heap. */
function measureMemory(shape: Shape): void {
  const count = Math.max(rows, MEMORY_ROWS_MIN);
  const run = { shape, compression: 'zstd', rows: count, rowsPerFile: count } as const;
  verdicts.push(
    judged.memory(shape, runMeasure('headrace', run, ['--max-semi-space-size=1', '--max-old-space-size=60'])),
  );
}

/**
 * CPU of all writers by the rows of a file, in one process each, which makes files up to `SMALL_FILES_ROWS` rows: what a
 * process spends once is in it. The last column tells whether the targets hold at that size.
 */
function measureFileSizes(shape: Shape): void {
  const sizes = FILE_ROWS.filter((size) => size <= rowsOf(shape));
  const bySize = sizes.map((size) => ({
    size,
    measured: SNAPPY_WRITERS.map((name) => measure(name, shape, 'snappy', size)),
  }));
  table(
    [`${shape}, rows a file: CPU s per million, snappy`, ...SNAPPY_WRITERS, 'targets not met'],
    bySize.map(({ size, measured }) => [
      String(size),
      ...measured.map(({ perMillion }) => perMillion.toFixed(2)),
      judged
        .ratios(shape, measured)
        .filter(({ met }) => !met)
        .map(({ target, measured: ratio }) => `${target}: ${ratio}`)
        .join('; '),
    ]),
  );
  const zstd = ['headrace', 'headrace-protobuf', 'duckdb'].filter(
    (name) => shape !== 'wide' || name !== 'headrace-protobuf',
  );
  table(
    [`${shape}, rows a file: CPU s per million and bytes a row, zstd`, ...zstd],
    sizes.map((size) => [String(size), ...zstd.map((name) => timeAndBytes(measure(name, shape, 'zstd', size)))]),
  );
}

function timeAndBytes({ perMillion, fileBytes, rows: count }: Measured): string {
  return `${perMillion.toFixed(2)}, ${(fileBytes / count).toFixed(1)}`;
}

function rowsOf(shape: Shape): number {
  return shape === 'wide' ? Math.min(rows, WIDE_ROWS_MAX) : rows;
}

/** @param rowsPerFile as many as the run has, unless small files are measured */
function measure(name: string, shape: Shape, compression: BenchCompression, rowsPerFile = rowsOf(shape)): Measured {
  const small = Math.min(rowsOf(shape), SMALL_FILES_ROWS);
  const count = Math.max(rowsPerFile, small);
  return runMeasure(name, { shape, compression, rows: count, rowsPerFile });
}

function printWriters(title: string, measured: readonly Measured[]): void {
  const base = measured[0]?.perMillion ?? 1;
  table(
    [title, 'rows', 'rows/CPU s', 'CPU s per million', 'ratio', 'peak MB above idle', 'bytes a row'],
    measured.map(({ name, rows: count, perMillion, peakBytes, fileBytes }) => [
      name,
      String(count),
      String(Math.round(1e6 / perMillion)),
      perMillion.toFixed(2),
      (perMillion / base).toFixed(1),
      (peakBytes / 1e6).toFixed(0),
      fileBytes > 0 ? (fileBytes / count).toFixed(1) : '-',
    ]),
  );
}

function printFloor(shape: Shape): void {
  const { bytes, copy, snappy, zstd } = floor(shape);
  table(
    [`${shape}, floor: CPU s per million rows`, 'encoded MB', 'copied', 'snappy alone', 'zstd alone'],
    [['', (bytes / 1e6).toFixed(0), copy.toFixed(3), snappy.toFixed(2), zstd.toFixed(2)]],
  );
}

/**
 * A bundle of the writer alone, the best of some starts: from the end of Node's own start until the bundle is loaded, and
 * from the writer's construction to the end of the file. Making the rows lies between the two and is not counted, nor are
 * Lambda's start, the AWS clients and the reading of payloads.
 */
function measureColdStart(): void {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  try {
    const outfile = join(folder, 'cold-start.mjs');
    const entryPoints = [join(import.meta.dirname, 'parquet', 'cold-start.ts')];
    buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', minify: true });
    const starts = Array.from({ length: COLD_TRIES }, () =>
      JSON.parse(execFileSync(process.execPath, [outfile]).toString()),
    );
    const [best] = starts.sort((a, b) => a.loadedMs + a.writtenMs - b.loadedMs - b.writtenMs);
    table(
      ['cold process, from the end of Node’s own start', 'bundle loaded, ms', 'file of 1,000 nested rows, ms'],
      [['', best.loadedMs.toFixed(0), best.writtenMs.toFixed(0)]],
    );
    verdicts.push(judged.coldStart(best.loadedMs + best.writtenMs));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  console.log(['', line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n'));
}
