/** Measures one writer in a process of its own and prints one line of JSON: see ../parquet.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCompression, OpenBenchWriter } from './bench-writer.ts';
import { measureMessages } from './messages.ts';
import { benchRows, type Row, type Shape } from './rows.ts';

export interface Measurement {
  readonly cpuSeconds: number;
  /** Resident memory at its peak, less what the process took before the first row. */
  readonly peakBytes: number;
  readonly fileBytes: number;
}

/** Rows made and dropped at a time, so that the garbage of making them is not measured. */
const BATCH = 10_000;

const OPEN: Readonly<Record<string, () => Promise<OpenBenchWriter>>> = {
  headrace: async () => (await import('./headrace-writer.ts')).openHeadraceWriter,
  'parquetjs-lite': async () => (await import('./parquetjs-writer.ts')).openParquetjsWriter,
  'hyparquet-writer': async () => (await import('./hyparquet-writer.ts')).openHyparquetWriter,
  duckdb: async () => (await import('./duckdb-writer.ts')).openDuckdbWriter,
  'parquet-wasm': async () => (await import('./wasm-writer.ts')).openWasmWriter,
};

const [, , name = '', shape = '', rows = '', compression = ''] = process.argv;
const open = OPEN[name];
const measurement = open
  ? await measureRows(await open(), shape as Shape, Number(rows), compression as BenchCompression)
  : measureMessages(name, shape as Shape, Number(rows), compression as BenchCompression);
console.log(JSON.stringify(measurement));

async function measureRows(
  openWriter: OpenBenchWriter,
  rowShape: Shape,
  count: number,
  codec: BenchCompression,
): Promise<Measurement> {
  const { columns, row } = benchRows(rowShape);
  const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  const writer = await openWriter(columns, codec, folder);
  const idleBytes = process.memoryUsage.rss();
  let cpuSeconds = 0;
  const measured = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const start = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(start);
    cpuSeconds += (user + system) / 1e6;
    return result;
  };
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => parsed(row(from + i)));
    await measured(() => writer.append(batch));
  }
  const fileBytes = await measured(() => writer.finish());
  rmSync(folder, { recursive: true });
  return { cpuSeconds, peakBytes: process.resourceUsage().maxRSS * 1024 - idleBytes, fileBytes };
}

/** Strings as JSON.parse leaves them: in one piece, which those that were put together here are not. */
function parsed(row: Row): Row {
  const copy: Row = JSON.parse(JSON.stringify(row));
  const createdAt = copy['created_at'];
  return typeof createdAt === 'string' ? { ...copy, created_at: new Date(createdAt) } : copy;
}
