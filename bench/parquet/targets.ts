/** What was set as targets, and whether a run meets them. */
import type { Shape } from './rows.ts';
import type { Measured } from './run-measure.ts';

export interface Verdict {
  readonly target: string;
  readonly needed: string;
  readonly measured: string;
  readonly met: boolean;
}

/** How many times the CPU of ours a writer takes, at least, from row objects. */
const RATIOS: Readonly<Record<string, number>> = { 'parquetjs-lite': 20, 'hyparquet-writer': 5, duckdb: 2 };
const ROW_GROUP_BYTES = 64 * 2 ** 20;
const MEMORY_RATIO_MAX = 3;
const COLD_START_MS_MAX = 100;

export const judged = { writers, ratios, decoders, memory, coldStart };

/** Against the other writers' CPU, of the same rows. */
function ratios(shape: Shape, snappy: readonly Measured[]): Verdict[] {
  return snappy.flatMap((writer): Verdict[] => {
    const needed = RATIOS[writer.name];
    if (!needed) return [];
    const ours = named(snappy, 'headrace');
    if (ours.rows !== writer.rows) throw new Error(`Cannot compare ${ours.rows} rows with ${writer.rows}`);
    const ratio = writer.perMillion / ours.perMillion;
    return [
      verdict(`${shape}: CPU of ${writer.name} over ours, snappy`, `>= ${needed}`, ratio.toFixed(1), ratio >= needed),
    ];
  });
}

function writers(shape: Shape, snappy: readonly Measured[], zstd: readonly Measured[]): Verdict[] {
  const duckdbZstd = named(zstd, 'duckdb').perMillion / named(zstd, 'headrace').perMillion;
  return [
    ...ratios(shape, snappy),
    verdict(`${shape}: CPU of duckdb over ours, zstd`, '>= 2', duckdbZstd.toFixed(1), duckdbZstd >= 2),
    ...[snappy, zstd].map((measured) => smallFile(shape, measured)),
  ];
}

function decoders(shape: Shape, measured: readonly Measured[]): Verdict[] {
  const ratio = named(measured, 'headrace-protobuf').perMillion / named(measured, 'protobuf-es').perMillion;
  const target = `${shape}: CPU of Protobuf to a file over protobuf-es to objects`;
  return [verdict(target, '<= 1', ratio.toFixed(2), ratio <= 1)];
}

function coldStart(ms: number): Verdict {
  return verdict(
    'first file of a cold process',
    `<= ${COLD_START_MS_MAX} ms`,
    `${ms.toFixed(0)} ms`,
    ms <= COLD_START_MS_MAX,
  );
}

function smallFile(shape: Shape, measured: readonly Measured[]): Verdict {
  const ours = named(measured, 'headrace');
  const ratio = ours.fileBytes / named(measured, 'duckdb').fileBytes;
  return verdict(`${shape}: bytes over DuckDB's, ${ours.compression}`, '<= 1', ratio.toFixed(2), ratio <= 1);
}

function memory(shape: Shape, ours: Measured): Verdict {
  const ratio = ours.peakBytes / ROW_GROUP_BYTES;
  const target = `${shape}: peak memory above idle over a row group's`;
  return verdict(target, `< ${MEMORY_RATIO_MAX}`, ratio.toFixed(1), ratio < MEMORY_RATIO_MAX);
}

function named(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((one) => one.name === name);
  if (!found) throw new Error(`Cannot judge without "${name}": it was not measured`);
  return found;
}

function verdict(target: string, needed: string, measured: string, met: boolean): Verdict {
  return { target, needed, measured, met };
}
