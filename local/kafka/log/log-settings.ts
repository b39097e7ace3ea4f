/** The topic settings that a log obeys. */

/** Times in milliseconds; -1 in a retention is no limit. */
export interface LogSettings {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly maxMessageBytes: number;
  readonly logAppendTime: boolean;
  /** How far a record's time may lie behind and ahead of the broker's. */
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** `cleanup.policy` has `delete`. */
  readonly deletes: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** `cleanup.policy` has `compact`. */
  readonly compacts: boolean;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  /** How long a compacted log keeps tombstones. */
  readonly deleteRetentionMs: number;
}
