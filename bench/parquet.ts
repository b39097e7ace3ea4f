/**
 * Compares Parquet writers on the same rows: `node bench/parquet.ts [rows] [shape ...]`, by default 100,000 rows, nested
 * and flat. Each measurement is a process of its own; CPU seconds count all of its threads, so they hardly depend on
 * what else the machine does, and ratios less still.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { BenchCompression } from './parquet/bench-writer.ts';
import type { Measurement } from './parquet/measure.ts';
import type { Shape } from './parquet/rows.ts';

const WRITERS = ['headrace', 'parquet-wasm', 'duckdb', 'hyparquet-writer', 'parquetjs-lite'] as const;
const DECODERS = ['headrace-protobuf', 'protobuf-es', 'protobufjs'] as const;

const [, , rows = '100000', ...shapes] = process.argv;
const count = Number(rows);

for (const shape of (shapes.length > 0 ? shapes : ['nested', 'flat']) as Shape[]) {
  report(`${shape}, ${count} rows from objects, snappy`, WRITERS, shape, 'snappy');
  report(`${shape}, ${count} rows from objects, zstd`, ['headrace', 'parquet-wasm', 'duckdb'], shape, 'zstd');
  if (shape !== 'wide') report(`${shape}, ${count} rows from Protobuf, zstd`, DECODERS, shape, 'zstd');
}
reportFloor();

function report(title: string, names: readonly string[], shape: Shape, compression: BenchCompression): void {
  console.log(
    `\n${title}\n\n| writer | rows/s | CPU s per million | ratio | peak MB | file MB |\n|---|---|---|---|---|---|`,
  );
  let base = 0;
  for (const name of names) {
    const { cpuSeconds, peakBytes, fileBytes } = measure(name, shape, compression);
    base ||= cpuSeconds;
    const cells = [
      name,
      Math.round(count / cpuSeconds),
      ((cpuSeconds / count) * 1e6).toFixed(2),
      (cpuSeconds / base).toFixed(1),
      (peakBytes / 1e6).toFixed(0),
      fileBytes > 0 ? (fileBytes / 1e6).toFixed(2) : '-',
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

function measure(name: string, shape: Shape, compression: BenchCompression): Measurement {
  const script = join(import.meta.dirname, 'parquet', 'measure.ts');
  const output = execFileSync(process.execPath, [
    '--max-old-space-size=6000',
    script,
    name,
    shape,
    String(count),
    compression,
  ]);
  return JSON.parse(output.toString());
}

/** What no writer can do without: copying the bytes, and compressing them. */
function reportFloor(): void {
  const bytes = Buffer.from(Array.from({ length: 4_000_000 }, (_, i) => `${(i * 7919) % 50_000},`).join(''));
  for (const [name, work] of [
    ['copy', () => Uint8Array.from(bytes)],
    ['zstd level 3', () => zstdCompressSync(bytes)],
  ] as const) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    console.log(`\nfloor, ${name}: ${((user + system) / (bytes.length / 1e6) / 1000).toFixed(2)} ms CPU per MB`);
  }
}
