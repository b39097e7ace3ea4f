/** What one event takes, measured: the input of the cost model that no price list has. */

/** Bytes, and microseconds of one processor. */
export interface EventSample {
  /** Of the event as JSON in a request: what `--size` says. */
  readonly bytes: number;
  /** Validating and encoding. */
  readonly ingestMicros: number;
  /** Reading Lambda's JSON of a batch; nothing of the sink is in it. */
  readonly lambdaEventMicros: number;
  /** From records to Parquet. */
  readonly sinkMicros: number;
  /** From Parquet to larger files of Parquet. */
  readonly compactMicros: number;
  /** Value and headers in Kafka. */
  readonly kafkaBytes: number;
  readonly lambdaEventBytes: number;
  readonly parquetBytes: number;
}

/**
 * `node bench/stages.ts` and `node bench/stages.ts orders` on 2026-11-20, two cores of an AMD EPYC, Node 24. Compaction
 * was measured on a faster machine, and is told in proportion to the sink beside it.
 */
const SAMPLES: readonly [EventSample, EventSample] = [
  {
    bytes: 186,
    ingestMicros: 13.7,
    lambdaEventMicros: 12,
    sinkMicros: 10.4,
    compactMicros: 2.3,
    kafkaBytes: 192,
    lambdaEventBytes: 637,
    parquetBytes: 9.4,
  },
  {
    bytes: 1001,
    ingestMicros: 39.2,
    lambdaEventMicros: 15.1,
    sinkMicros: 22.9,
    compactMicros: 14.5,
    kafkaBytes: 520,
    lambdaEventBytes: 1060,
    parquetBytes: 93.4,
  },
];

/** kafkajs on the same machine: 65,000 to 79,000 messages a second out, 263,000 to 307,000 in. */
export const PRODUCE_MICROS = 14;
export const FETCH_MICROS = 3.5;

/** What nobody can measure without an account: assumptions, each a time in seconds or a number of bytes. */
export const ASSUMED = {
  /** A processor of Lambda's arm64 beside the one of the measurement. */
  processorFactor: 1,
  /** Until all in-sync replicas have a batch. */
  produceSeconds: 0.015,
  /** A data object and its commit, one after the other. */
  commitSeconds: 0.12,
  /** Signing in to Kafka, and reading the heads of the commit log. */
  drainStartSeconds: 1.5,
  /** Submitting a load to the warehouse, and looking after it. */
  loadSeconds: 0.5,
  /** A loader that has no warehouse starts anew each time. */
  failedLoadSeconds: 0.5,
  /** Sweep, audit and compaction, without what they look at. */
  scheduledRunSeconds: 2,
  /** A LIST of 1,000 keys. */
  listSeconds: 0.1,
  /** Any other request to S3. */
  requestSeconds: 0.03,
  /** Of a payload's column that names folders. */
  valuesOfFolderColumn: 10,
  /** Of an invocation, whatever it does. */
  invocationSeconds: 0.002,
  requestLogBytes: 650,
  commitLogBytes: 1_100,
  loadLogBytes: 900,
  /** Lambda asks a queue that is empty so often. */
  idlePollsPerSecond: 0.25,
} as const;

/** What an event of that size takes: on the line through the two measured ones, but no less than the smaller. */
export function eventSample(bytes: number): EventSample {
  const [small, large] = SAMPLES;
  const share = Math.max(0, (bytes - small.bytes) / (large.bytes - small.bytes));
  const names = Object.keys(small) as Array<keyof EventSample>;
  const at = names.map((name) => [name, small[name] + share * (large[name] - small[name])] as const);
  return { ...(Object.fromEntries(at) as Record<keyof EventSample, number>), bytes };
}
