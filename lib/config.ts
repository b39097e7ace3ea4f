/** The sizes and limits of one stage, in one place. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** The memory, time and concurrency of one function. */
export interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Environments that may run at once. @default the account's limit */
  readonly concurrencyMax?: number;
}

/** MSK Express: replication factor 3 and min ISR 2 are fixed, storage grows by itself. */
export const CLUSTER = {
  kafkaVersion: '3.9.x',
  instanceType: 'express.m7g.large',
  /** One broker in each of the three zones; a larger number is a multiple of three. */
  brokers: 3,
  replicationFactor: 3,
} as const;

/**
 * 29 seconds: an HTTP API waits 30.
 * 80 environments: with IAM a broker takes 100 new connections a second, and in the worst second every environment
 * starts and connects to the same broker; the rest is for the sinks' pollers.
 */
export const PROXY: FunctionSize = { memoryMb: 1024, timeoutSeconds: 29, concurrencyMax: 80 };

/** One call to MSK and one answer, at deployments only. */
export const BOOTSTRAP_BROKERS: FunctionSize = { memoryMb: 256, timeoutSeconds: 60 };

/** A batch is at most 6 MB of event JSON; its records, rows and one Parquet file are in memory at once. */
export const SINK: FunctionSize = { memoryMb: 1024, timeoutSeconds: 120 };

/** The files of up to ten commits, one commit after the other. */
export const LOADER: FunctionSize = { memoryMb: 1024, timeoutSeconds: 120 };

/** The most that Lambda gives; 6 MB of event JSON or the window usually come first. */
export const SINK_BATCH_SIZE = 10_000;

/** A draining sink: one vCPU, and ten minutes for a backlog; what is left then is for the next run. */
export const DRAIN: FunctionSize = { memoryMb: 1769, timeoutSeconds: 600 };

/** Memory grows with both: each partition that is drained holds its commit's encoded rows. */
export const DRAIN_LIMITS = {
  /** Of keys and values, in 10^6 bytes, before compression. */
  commitInputMb: 128,
  parallelPartitions: 2,
} as const;

/** How functions sign in to the cluster: Kafka client properties. */
export const KAFKA_IAM_PROPERTIES = 'security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM';

/** How commit messages become batches. */
export const LOADER_TRIGGER = {
  batchSize: 10,
  windowSeconds: 1,
  /** The least that Lambda allows: loads of one table wait for each other, so more would only wait. */
  concurrencyMax: 2,
} as const;

/** How long a lost notification may keep a commit out of the warehouse, apart from the sweep's grace of 5 minutes. */
export const SWEEP_MINUTES = 15;

/** How long, and how often, a commit may wait to be loaded. */
export const LOAD_QUEUE = {
  /** Lambda's own advice: six times the function's timeout, so that no message returns while it is worked on. */
  visibilityTimeoutSeconds: 6 * LOADER.timeoutSeconds,
  maxReceiveCount: 5,
  /** SQS's maximum, for the queue and for its dead letters. */
  retentionDays: 14,
} as const;

/** Of every function's log group. */
export const LOG_RETENTION = RetentionDays.ONE_MONTH;

/**
 * Where each warehouse target is.
 * DuckDB is a file on the laptop and has no home on AWS yet: the laptop host puts its own path here, and a deployed
 * loader fails on it (its bundle has no DuckDB and its folder is read-only), so messages end as dead letters and no
 * commit is lost.
 */
export const WAREHOUSE_URLS = { duckdb: 'duckdb:headrace.duckdb' } as const;
