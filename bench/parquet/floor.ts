/** What no writer can do without: its bytes compressed, and copied. */
import { constants, zstdCompressSync } from 'node:zlib';
import { ParquetWriter } from '../../pipeline/parquet/parquet-writer.ts';
import { compressSnappy } from '../../pipeline/parquet/snappy.ts';
import { benchRows, type Shape } from './rows.ts';

export interface Floor {
  /** Encoded, before compression. */
  readonly bytes: number;
  /** CPU seconds for a million rows. */
  readonly copy: number;
  readonly snappy: number;
  readonly zstd: number;
}

const ROWS = 100_000;
const PAGE_BYTES = 2 ** 20;
const TRIES = 5;

/** Of the shape's rows in pages of 1 MiB; the best of some tries. */
export function floor(shape: Shape): Floor {
  const { columns, row } = benchRows(shape);
  const writer = new ParquetWriter(columns, { compression: 'uncompressed' });
  const rows = shape === 'wide' ? ROWS / 10 : ROWS;
  for (let i = 0; i < rows; i++) writer.appendRow(row(i));
  const file = writer.finish();
  const pages = Array.from({ length: Math.ceil(file.length / PAGE_BYTES) }, (_, i) =>
    file.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES),
  );
  const options = { params: { [constants.ZSTD_c_compressionLevel]: 2 } };
  const perMillion = (work: (page: Uint8Array) => unknown) => (leastSeconds(pages, work) / rows) * 1e6;
  return {
    bytes: (file.length / rows) * 1e6,
    copy: perMillion((page) => page.slice()),
    snappy: perMillion(compressSnappy),
    zstd: perMillion((page) => zstdCompressSync(page, options)),
  };
}

function leastSeconds(pages: readonly Uint8Array[], work: (page: Uint8Array) => unknown): number {
  const tries = Array.from({ length: TRIES }, () => {
    const start = process.cpuUsage();
    for (const page of pages) work(page);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  });
  return Math.min(...tries);
}
