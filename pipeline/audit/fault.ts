/** What an audit finds wrong. */

export type FaultKind =
  /** An object below `commits/` that is no commit. */
  | 'FOREIGN_OBJECT'
  /** A commit that cannot be read, or whose own numbers do not add up. */
  | 'BAD_COMMIT'
  /** Offsets that no commit covers although later ones are committed, or were loaded. */
  | 'MISSING_COMMIT'
  /** Two commits cover the same offsets. */
  | 'OVERLAP'
  /** Records that Kafka deleted before they were committed. */
  | 'RETENTION'
  /** An object that a commit names is not there, or is not what the commit says. */
  | 'MISSING_FILE'
  | 'BAD_FILE'
  /** A compaction that does not stand for its commits; the commits themselves are whole. */
  | 'BAD_COMPACTION'
  /** A commit that was not loaded in time, or whose rows are there without its entry in the ledger. */
  | 'NOT_LOADED'
  | 'NOT_IN_LEDGER'
  /** An entry of the ledger that says other than its commit, or has none. */
  | 'BAD_LEDGER'
  | 'LOST_ROWS'
  | 'DUPLICATED_ROWS'
  /** Rows at offsets that have none by the commits. */
  | 'UNEXPECTED_ROWS'
  /** Rows whose checksum is not that of their records. */
  | 'ALTERED_ROWS'
  /** Kafka holds other records than were committed. */
  | 'KAFKA_DIFFERS'
  /** The topic was deleted and made again: its offsets are those of other records. */
  | 'TOPIC_REPLACED';

export interface Fault {
  readonly kind: FaultKind;
  /** Undefined when the fault is about no partition. */
  readonly partition: number | undefined;
  /** From the first offset that is concerned to before the last; undefined when the fault is about none. */
  readonly first: number | undefined;
  readonly next: number | undefined;
  /** A sentence for a person: what is wrong, by which key. Holds no part of a payload. */
  readonly message: string;
  /** Records that are not where they should be, and rows that are there too often. */
  readonly lost: number;
  readonly duplicated: number;
}

type FaultDetails = Partial<Pick<Fault, 'partition' | 'first' | 'next' | 'lost' | 'duplicated'>>;

export const fault = (kind: FaultKind, message: string, details: FaultDetails = {}): Fault => ({
  kind,
  partition: details.partition,
  first: details.first,
  next: details.next,
  message,
  lost: details.lost ?? 0,
  duplicated: details.duplicated ?? 0,
});

/** How many single offsets a message names before it says "and more". */
const OFFSETS_SHOWN = 10;

/** `offset 7`, or `offsets 7, 9, 12 and 40 more`. */
export function offsetList(offsets: readonly number[]): string {
  const shown = offsets.slice(0, OFFSETS_SHOWN).join(', ');
  const more = offsets.length - OFFSETS_SHOWN;
  return `${offsets.length === 1 ? 'offset' : 'offsets'} ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The smallest range that holds the offsets, which ascend. */
export const spanOf = (offsets: readonly number[]): { readonly first: number; readonly next: number } => ({
  first: offsets[0] ?? 0,
  next: (offsets.at(-1) ?? -1) + 1,
});
