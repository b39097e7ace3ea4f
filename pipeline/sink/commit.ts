/** A commit: the record that makes a window of one Kafka partition part of the lake. */
import { UnknownFormatError } from '../errors.ts';
import type { DeadLetterCode } from './dead-letter.ts';

export const COMMIT_FORMAT = 1;

/** A data object that a commit names. Its name is derived from its content, so it never changes. */
export interface DataFile {
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
}

/** The dead letters of a commit. */
export interface RejectedObject {
  readonly key: string;
  readonly count: number;
  /** How many of each code. */
  readonly codes: Readonly<{ [Code in DeadLetterCode]?: number }>;
  readonly bytes: number;
  /** The sum of the CRC-32 of the records' values, as rows have it in `_checksum`. */
  readonly checksum: number;
}

/** Offsets that Kafka did not deliver: from `first` to before `next`. */
export interface OffsetGap {
  readonly first: number;
  readonly next: number;
  /** `retention`: below the partition's low watermark when it was read. Else aborted, compacted or a marker. */
  readonly cause: 'retention' | 'unknown';
}

/**
 * The chain of commits of a Kafka partition tiles its offsets: `start` equals the previous commit's `next`, the first
 * commit starts at 0, and every offset from `start` to before `next` is a row of `files`, a dead letter, or in `gaps`.
 */
export interface Commit {
  readonly format: typeof COMMIT_FORMAT;
  readonly event: string;
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  /** Offsets of the first and last record read. */
  readonly first: number;
  readonly last: number;
  readonly next: number;
  /** Rows in `files`. */
  readonly rows: number;
  /** The sum of the rows' `_checksum`. */
  readonly checksum: number;
  readonly files: readonly DataFile[];
  /** Records that became dead letters, and the object that holds them; null when there are none. */
  readonly rejected: RejectedObject | null;
  readonly gaps: readonly OffsetGap[];
  /** The schema version on which the rows are projected. */
  readonly schemaVersion: number;
  /** Smallest and largest Kafka timestamp of the records read, in milliseconds since the epoch. */
  readonly timestamps: { readonly min: number; readonly max: number };
  /** CRC-32 of the values of the first and the last record read: they tell this topic from another of its name. */
  readonly ends: { readonly first: number; readonly last: number };
  /** Smallest and largest event time of the rows, ISO 8601; null when there are no rows. */
  readonly eventTime: { readonly min: string; readonly max: string } | null;
  /**
   * Up to 20 records that have a W3C trace, each as `<offset> <traceparent>`; absent when none has. For logs: by it
   * one event can be followed from its request to its load.
   */
  readonly traced?: readonly string[];
}

/** @throws UnknownFormatError when the object is no commit, or one of a newer format. */
export function parseCommit(key: string, body: Uint8Array): Commit {
  const commit = parseJson(body);
  if (commit?.format === undefined) {
    throw noCommit(key);
  }
  if (commit.format !== COMMIT_FORMAT) {
    const reason = `it has format ${commit.format}, allowed is ${COMMIT_FORMAT}; deploy the functions again`;
    throw new UnknownFormatError(`the commit "${key}"`, reason);
  }
  return commit as Commit;
}

/** What is below `commits/` by mistake, and what to do about it. */
export const noCommit = (key: string): UnknownFormatError =>
  new UnknownFormatError(`the commit "${key}"`, 'it is no commit; move what is not a commit out of commits/');

function parseJson(body: Uint8Array): Partial<Commit> | null {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Partial<Commit> | null;
  } catch {
    return null;
  }
}
