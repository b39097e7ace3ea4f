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
  /** Offsets of the first and last record read; in a commit of gaps alone both are the last one before it, or -1. */
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
  /**
   * Smallest and largest Kafka timestamp of the records read, in milliseconds since the epoch; in a commit of gaps alone
   * the moment at which they were known to be gaps.
   */
  readonly timestamps: { readonly min: number; readonly max: number };
  /** CRC-32 of the values of the records `first` and `last`: they tell this topic from another of its name. */
  readonly ends: { readonly first: number; readonly last: number };
  /** Smallest and largest event time of the rows, ISO 8601; null when there are no rows. */
  readonly eventTime: { readonly min: string; readonly max: string } | null;
  /**
   * Up to 20 records that have a W3C trace, each as `<offset> <traceparent>`; absent when none has. For logs: by it
   * one event can be followed from its request to its load.
   */
  readonly traced?: readonly string[];
  /**
   * Who wrote it: a random name for each environment or run. By it a writer knows its own commit again when the answer
   * was lost, from the same commit of another writer that read the same records. Absent in older commits.
   */
  readonly writer?: string;
}

/** @throws UnknownFormatError when the object is no commit, one of another format, or lacks what a commit has. */
export function parseCommit(key: string, body: Uint8Array): Commit {
  const commit = parseJson(body);
  if (commit?.format === undefined) {
    throw noCommit(key);
  }
  if (commit.format !== COMMIT_FORMAT) {
    const reason = `it has format ${commit.format}, allowed is ${COMMIT_FORMAT}; deploy the functions again`;
    throw new UnknownFormatError(`the commit "${key}"`, reason);
  }
  const wrong = wrongField(commit);
  if (wrong !== undefined) {
    const reason = `its "${wrong}" is missing or wrong; it was changed, restore it`;
    throw new UnknownFormatError(`the commit "${key}"`, reason);
  }
  return commit as Commit;
}

/** What is below `commits/` by mistake, and what to do about it. */
export const noCommit = (key: string): UnknownFormatError =>
  new UnknownFormatError(`the commit "${key}"`, 'it is no commit; move what is not a commit out of commits/');

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isInteger: Check = (value) => Number.isSafeInteger(value);
/** Kafka takes any number of 64 bits for a time. */
const isTime: Check = (value) => Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isOffsetOrNone: Check = (value) => Number.isSafeInteger(value) && Number(value) >= -1;
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const nullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const objectOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' && value !== null && wrongIn(value, checks) === undefined;

const FIELDS = {
  event: isText,
  topic: isText,
  partition: isCount,
  start: isCount,
  first: isOffsetOrNone,
  last: isOffsetOrNone,
  next: isCount,
  rows: isCount,
  checksum: isInteger,
  files: listOf(objectOf({ key: isText, rows: isCount, bytes: isCount })),
  rejected: nullOr(objectOf({ key: isText, count: isCount, codes: objectOf({}), bytes: isCount, checksum: isInteger })),
  gaps: listOf(objectOf({ first: isCount, next: isCount, cause: isText })),
  schemaVersion: isCount,
  timestamps: objectOf({ min: isTime, max: isTime }),
  ends: objectOf({ first: isInteger, last: isInteger }),
  eventTime: nullOr(objectOf({ min: isText, max: isText })),
} satisfies Record<Exclude<keyof Commit, 'format' | 'traced' | 'writer'>, Check>;

const wrongIn = (value: object, checks: Readonly<Record<string, Check>>): string | undefined =>
  Object.entries(checks).find(([name, check]) => !check((value as Readonly<Record<string, unknown>>)[name]))?.[0];

/** The first field that no commit can have so: whoever reads a commit trusts its numbers, and walks from one to another. */
function wrongField(commit: Partial<Commit>): string | undefined {
  const wrong = wrongIn(commit, FIELDS);
  if (wrong !== undefined) {
    return wrong;
  }
  const { start, first, last, next, gaps, rows, rejected } = commit as Commit;
  const hasRecords = rows > 0 || rejected !== null;
  if (last < first || next <= Math.max(start, last) || (hasRecords && first < start)) {
    return 'next';
  }
  const isInOrder = gaps.every(
    (gap, index) => gap.first >= (gaps[index - 1]?.next ?? start) && gap.first < gap.next && gap.next <= next,
  );
  return isInOrder ? undefined : 'gaps';
}

function parseJson(body: Uint8Array): Partial<Commit> | null {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Partial<Commit> | null;
  } catch {
    return null;
  }
}
