/** Which offsets of a commit are rows, by the commit and its objects: for saying which of them are wrong. */
import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { readDeadLetters } from '../dead-letters/read-dead-letters.ts';
import { UnknownFormatError } from '../errors.ts';
import { type ObjectStore, PLACE_MODULUS } from '../ports.ts';
import type { Commit } from '../sink/commit.ts';
import { getContent } from '../sink/content-key.ts';
import type { DeadLetterLine } from '../sink/dead-letter.ts';
import { unreadable } from './unreadable.ts';

/** Offsets that the commit covers and that are no row, no dead letter and in no gap; negative when it counts too many. */
export function unexplainedOffsets({ start, next, rows, rejected, gaps }: Commit): number {
  return next - start - rows - (rejected?.count ?? 0) - gaps.reduce((sum, gap) => sum + gap.next - gap.first, 0);
}

/**
 * Ascending; undefined when the commit's own numbers do not add up, which is a fault of its own.
 * Memory: the commit's rows and its dead letters; a gap may be of billions.
 */
export async function rowOffsets(lake: ObjectStore, commit: Commit): Promise<number[] | undefined> {
  const { start, next, gaps, rejected } = commit;
  if (unexplainedOffsets(commit) !== 0) {
    return undefined;
  }
  const letters = rejected ? await knownLetters(lake, rejected.key) : [];
  const letterOffsets = new Set(letters.map(({ offset }) => offset));
  const offsets: number[] = [];
  let from = start;
  for (const gap of [...gaps, { first: next, next }]) {
    for (let offset = from; offset < gap.first; offset++) {
      if (!letterOffsets.has(offset)) {
        offsets.push(offset);
      }
    }
    from = gap.next;
  }
  return offsets;
}

/** None when the object is gone or changed, which is a fault of its own. */
async function knownLetters(lake: ObjectStore, key: string): Promise<readonly DeadLetterLine[]> {
  try {
    return await readDeadLetters(lake, key);
  } catch (error) {
    unreadable(error);
    return [];
  }
}

/** A row as a data file has it. */
export interface FileRow {
  readonly partition: number;
  readonly offset: number;
  readonly checksum: number;
}

const COLUMNS = ['_partition', '_offset', '_checksum'];

/**
 * The rows of one data file. Memory: the file.
 * @throws ObjectNotFoundError, or UnknownFormatError when it was changed, or is no Parquet file with these columns.
 */
export async function readFileRows(lake: ObjectStore, key: string): Promise<FileRow[]> {
  const bytes = Uint8Array.from(await getContent(lake, key));
  const compressors = { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) };
  const rows = await parquetReadObjects({ file: bytes.buffer, columns: COLUMNS, compressors }).catch(
    (error: unknown) => {
      throw new UnknownFormatError(`the file "${key}"`, String(error));
    },
  );
  return rows.map((row) => ({
    partition: Number(row['_partition']),
    offset: Number(row['_offset']),
    checksum: Number(row['_checksum']),
  }));
}

/** What a measure of a table sums up as `placed`, for one row. */
export const placedChecksum = (offset: number, checksum: number): bigint =>
  BigInt(checksum) * BigInt(offset % PLACE_MODULUS);

/** The checksum of every row of the commit by its offset; undefined when one of the files cannot be read. */
export async function rowChecksums(lake: ObjectStore, commit: Commit): Promise<Map<number, number> | undefined> {
  const checksums = new Map<number, number>();
  try {
    for (const { key } of commit.files) {
      for (const { offset, checksum } of await readFileRows(lake, key)) {
        checksums.set(offset, checksum);
      }
    }
    return checksums;
  } catch (error) {
    unreadable(error);
    return undefined;
  }
}
