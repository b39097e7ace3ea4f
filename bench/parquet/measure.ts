/** Measures one writer or decoder in a process of its own and prints one line of JSON: see ../parquet.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCompression, OpenBenchWriter } from './bench-writer.ts';
import { measureMessages } from './messages.ts';
import { benchRows, type Row, type Shape } from './rows.ts';

export interface Measurement {
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  /** Resident memory at its peak, above that of the process before the first row; the garbage of making rows is in it. */
  readonly peakBytes: number;
  /** Of all files together. */
  readonly fileBytes: number;
}

/** Rows made at a time, few enough to die young: their garbage is not to be measured. */
const BATCH = 500;

const OPEN: Readonly<Record<string, () => Promise<OpenBenchWriter>>> = {
  headrace: async () => (await import('./headrace-writer.ts')).openHeadraceWriter,
  'parquetjs-lite': async () => (await import('./parquetjs-writer.ts')).openParquetjsWriter,
  'hyparquet-writer': async () => (await import('./hyparquet-writer.ts')).openHyparquetWriter,
  duckdb: async () => (await import('./duckdb-writer.ts')).openDuckdbWriter,
  'parquet-wasm': async () => (await import('./wasm-writer.ts')).openWasmWriter,
};

const [, , name = '', shape = '', rows = '', compression = '', rowsPerFile = rows] = process.argv;
const open = OPEN[name];
const run = { shape: shape as Shape, compression: compression as BenchCompression, rows: Number(rows) };
const measurement = open
  ? await measureRows(await open(), { ...run, rowsPerFile: Number(rowsPerFile) })
  : measureMessages(name, { ...run, rowsPerFile: Number(rowsPerFile) });
console.log(JSON.stringify(measurement));

export interface Run {
  readonly shape: Shape;
  readonly compression: BenchCompression;
  readonly rows: number;
  readonly rowsPerFile: number;
}

async function measureRows(openWriter: OpenBenchWriter, options: Run): Promise<Measurement> {
  const { columns, row } = benchRows(options.shape);
  const idleBytes = process.memoryUsage.rss();
  const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  let cpuSeconds = 0;
  let fileBytes = 0;
  const measured = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const start = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(start);
    cpuSeconds += (user + system) / 1e6;
    return result;
  };
  try {
    for (let first = 0; first < options.rows; first += options.rowsPerFile) {
      const end = Math.min(options.rows, first + options.rowsPerFile);
      const writer = await measured(() => openWriter(columns, options.compression, folder));
      for (let from = first; from < end; from += BATCH) {
        const batch = parsed(Array.from({ length: Math.min(BATCH, end - from) }, (_, i) => row(from + i)));
        await measured(() => writer.append(batch));
      }
      fileBytes += await measured(() => writer.finish());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { cpuSeconds, peakBytes: process.resourceUsage().maxRSS * 1024 - idleBytes, fileBytes };
}

/** Strings as JSON.parse leaves them: in one piece, which those that were put together here are not. */
function parsed(rowsMade: readonly Row[]): Row[] {
  const copies: Row[] = JSON.parse(JSON.stringify(rowsMade));
  for (const copy of copies) {
    if (typeof copy['created_at'] === 'string') copy['created_at'] = new Date(copy['created_at']);
  }
  return copies;
}
