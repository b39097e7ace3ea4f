/** The metrics: every name with its unit, and how a function writes them. */
import { writeLine } from './log.ts';

/** CloudWatch's namespace of all metrics. */
export const METRIC_NAMESPACE = 'Headrace';

/**
 * `count` adds up over time, `level` is what is true at the moment, `duration` is a time that something took or an age.
 * Prometheus knows them as counter, gauge and histogram.
 */
export type MetricKind = 'count' | 'level' | 'duration';

export interface MetricDefinition {
  readonly kind: MetricKind;
  readonly unit: 'Count' | 'Bytes' | 'Seconds';
  /** What tells two series of the metric apart. */
  readonly dimensions: readonly ('event' | 'code')[];
  readonly meaning: string;
}

const count = (meaning: string) => ({ kind: 'count', unit: 'Count', dimensions: ['event'], meaning }) as const;
const countByCode = (meaning: string) =>
  ({ kind: 'count', unit: 'Count', dimensions: ['event', 'code'], meaning }) as const;
const level = (meaning: string) => ({ kind: 'level', unit: 'Count', dimensions: ['event'], meaning }) as const;
const seconds = (meaning: string) => ({ kind: 'duration', unit: 'Seconds', dimensions: ['event'], meaning }) as const;

/** Every metric by its name in CloudWatch. */
export const METRICS = {
  // The proxy.
  Accepted: count('Records that Kafka has acknowledged.'),
  Refused: countByCode('Records that got an error; the code is the problem’s name.'),
  // The sink.
  CommittedRows: count('Rows of new commits.'),
  CommittedBytes: { ...count('Bytes of the data files of new commits.'), unit: 'Bytes' },
  RejectedRecords: count('Records that became dead letters.'),
  DeadLetters: countByCode('The same by the dead letter’s code; written only where there are some.'),
  RepeatedRecords: count('Records that were delivered again after their commit.'),
  FreshnessSeconds: seconds('Age of the oldest record of a commit when it was committed.'),
  CommitSeconds: seconds('From the first record of a commit read until it was committed.'),
  CompactedCommits: count('Commits whose small files a compaction has merged.'),
  /** Of drained topics; of the others MSK's SumOffsetLag tells it, and on the laptop the host. */
  LagRecords: level('Records in Kafka that no commit covers.'),
  // The loader.
  LoadedCommits: count('Commits loaded into the warehouse.'),
  SkippedCommits: count('Commits that the ledger held already.'),
  LoadedRows: count('Rows loaded into the warehouse.'),
  FailedLoads: count('Messages of the load queue that failed and come again.'),
  LoadSeconds: seconds('From a commit’s being written until its rows were in the warehouse.'),
  RowAgeSeconds: seconds('Age of the oldest record of a commit when its rows were in the warehouse.'),
  // The audit.
  LostRecords: level('Records that should be in the warehouse, or among the dead letters, and are not.'),
  DuplicatedRows: level('Rows that the warehouse has more than once.'),
  AuditFaults: level('What an audit found wrong, also where nothing is lost or doubled yet.'),
  UnloadedCommits: level('Commits that the ledger does not hold.'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

/** A list has the values of a duration that was measured several times; at most 100, the format's limit. */
export type MetricValues = { readonly [Name in MetricName]?: number | readonly number[] };

/**
 * Writes values under the given dimensions, one line of CloudWatch's embedded metric format on standard output.
 * @param dimensions those of the metrics' definitions; a code with an event that is not known has the event
 * `UNKNOWN_EVENT`.
 * @param now milliseconds since the epoch.
 */
export function logMetrics(
  dimensions: Readonly<{ event: string; code?: string }>,
  values: MetricValues,
  now: number = Date.now(),
): void {
  const names = Object.keys(values) as MetricName[];
  const metrics = names.map((Name) => ({ Name, Unit: METRICS[Name].unit }));
  const directive = { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics };
  writeLine(JSON.stringify({ _aws: { Timestamp: now, CloudWatchMetrics: [directive] }, ...dimensions, ...values }));
}

/** Stands for an event whose name came from outside and is none that is deployed: such names must not become metrics. */
export const UNKNOWN_EVENT = '(unknown)';

/** The seconds from one moment to a later one, both in milliseconds since the epoch; 0 when clocks disagree. */
export const secondsBetween = (from: number, to: number): number => Math.max(0, to - from) / 1000;
