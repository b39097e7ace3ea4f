/** What every writer that is measured does. */
import type { Column } from '../../pipeline/contract/column.ts';
import type { Row } from './rows.ts';

export interface BenchWriter {
  append(rows: readonly Row[]): void | Promise<void>;
  /** @returns the file's size in bytes */
  finish(): number | Promise<number>;
}

export type BenchCompression = 'snappy' | 'zstd';

/** @param folder for writers that only write files */
export type OpenBenchWriter = (
  columns: readonly Column[],
  compression: BenchCompression,
  folder: string,
) => BenchWriter | Promise<BenchWriter>;
