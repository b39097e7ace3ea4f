/** The sizes and limits of all stages, in one place. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { WarehouseTarget } from '../pipeline/contract/compiled-contract.ts';

/** The memory, time and concurrency of one function. */
export interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /**
   * Environments that may run at once. Reserves them: the account must have a hundred more.
   * @default the account's limit
   */
  readonly concurrencyMax?: number;
}

/**
 * What a broker is. The storage of Express brokers grows by itself; a Standard broker has a volume.
 * A cluster of one kind cannot become the other: that takes a new cluster.
 */
export type BrokerSize =
  | { readonly kind: 'express'; readonly instanceType: Extract<BrokerType, `express.${string}`> }
  | {
      readonly kind: 'standard';
      readonly instanceType: Extract<BrokerType, `kafka.${string}`>;
      readonly volumeGb: number;
    };

export type BrokerType = keyof typeof BROKER_LIMITS;

/** A network of our own without a way to the internet, or one that exists. */
export type NetworkPlan =
  | { readonly cidr: string }
  | {
      readonly vpcId: string;
      /** Three private subnets, with their route tables and zones at the same positions. */
      readonly subnetIds: readonly string[];
      readonly routeTableIds: readonly string[];
      readonly availabilityZones: readonly string[];
      /** `there` when the VPC reaches S3, SSM, Lambda and STS already, by endpoints of its own or by NAT. */
      readonly endpoints: 'add' | 'there';
    };

/** What differs from one stage to the next. Everything else in this file is the same in all of them. */
export interface Stage {
  readonly network: NetworkPlan;
  readonly broker: BrokerSize;
  readonly proxy: FunctionSize;
  /** Requests of all producers together; over it they get 429. */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
  /** Which an event's contract may name. */
  readonly warehouses: readonly RemoteWarehouse[];
}

export type RemoteWarehouse = Exclude<WarehouseTarget, 'duckdb'>;

/** In all stages: one broker in each of three zones. A stage that needs more takes larger ones. */
export const CLUSTER = { kafkaVersion: '3.9.x', brokers: 3, replicationFactor: 3 } as const;

/**
 * What a broker takes. Partitions count with their replicas; beyond them MSK refuses topics or updates. Connections
 * are those of the IAM listener, new ones in a second.
 * https://docs.aws.amazon.com/msk/latest/developerguide/limits.html and bestpractices.html
 */
export const BROKER_LIMITS = {
  'kafka.t3.small': { partitions: 300, connections: 3_000, newConnections: 4 },
  'kafka.m7g.large': { partitions: 1_500, connections: 3_000, newConnections: 100 },
  'express.m7g.large': { partitions: 1_500, connections: 3_000, newConnections: 100 },
  'express.m7g.xlarge': { partitions: 2_000, connections: 3_000, newConnections: 100 },
  'express.m7g.2xlarge': { partitions: 4_000, connections: 3_000, newConnections: 100 },
  'express.m7g.4xlarge': { partitions: 8_000, connections: 3_000, newConnections: 100 },
} as const;

/** 29 seconds: an HTTP API waits 30. */
const PROXY = { memoryMb: 1024, timeoutSeconds: 29 } as const;

/**
 * The new connections that a broker takes bound the proxy: in the worst second every environment that may run starts and
 * connects to the same broker, and the rest is for the sinks. No more start than are reserved, nor than requests get in.
 */
export const STAGES = {
  /**
   * About 100 USD a month of brokers; for trying things out. A new account has 10 concurrent executions or 50 and can
   * reserve none, so here the API's throttle is the bound. Producers that need more requests send batches.
   */
  sandbox: {
    network: { cidr: '10.0.0.0/16' },
    broker: { kind: 'standard', instanceType: 'kafka.t3.small', volumeGb: 20 },
    proxy: PROXY,
    throttle: { requestsPerSecond: 2, burst: 1 },
    warehouses: ['redshift', 'snowflake', 'athena'],
  },
  /** Production's kind of brokers, so that what differs is the load. */
  staging: {
    network: { cidr: '10.1.0.0/16' },
    broker: { kind: 'express', instanceType: 'express.m7g.large' },
    proxy: { ...PROXY, concurrencyMax: 40 },
    throttle: { requestsPerSecond: 500, burst: 1_000 },
    warehouses: ['redshift', 'snowflake', 'athena'],
  },
  production: {
    network: { cidr: '10.2.0.0/16' },
    broker: { kind: 'express', instanceType: 'express.m7g.large' },
    proxy: { ...PROXY, concurrencyMax: 80 },
    throttle: { requestsPerSecond: 5_000, burst: 5_000 },
    warehouses: ['redshift', 'snowflake', 'athena'],
  },
} as const satisfies Record<string, Stage>;

export type StageName = keyof typeof STAGES;

/** Of Redshift Serverless: the least there is; an idle workgroup costs nothing. */
export const REDSHIFT_BASE_RPU = 8;

/**
 * Who Snowflake is in AWS: `DESC INTEGRATION` tells both once the integration is made, which needs the role's ARN
 * first. Until then the role trusts nobody of Snowflake.
 */
export const SNOWFLAKE_TRUST: ReadonlyArray<{ readonly userArn: string; readonly externalId: string }> = [];

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
  /** Of records, in 10^6 bytes, before compression: keys, values, headers and 100 bytes for each. */
  commitInputMb: 128,
  parallelPartitions: 2,
} as const;

/** How functions sign in to the cluster: Kafka client properties. */
export const KAFKA_IAM_PROPERTIES = 'security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM';

/** What all topics have in common. */
export const TOPIC = {
  /** Kafka's own default, which the proxy's limit of a record leaves room in. */
  messageBytesMax: 1_048_588,
} as const;

/** Pollers of their own, which a contract may ask for, are paid by the group that shares them. */
export const POLLERS = { groups: 4, mappingsOfGroupMax: 100 } as const;

/** What becomes of objects in a lake, in days. */
export const LAKE = {
  brokenUploadDays: 1,
  /** How long a deleted object can be had back. */
  undeleteDays: 30,
  /** Dead letters are replayed soon or hardly ever. S3 leaves what is smaller than 128 KB where it is. */
  rejectedToInfrequentDays: 30,
  manifestDays: 7,
} as const;

/** The messages of one batch, in one call to Kafka. */
export const RELAY: FunctionSize = { memoryMb: 1024, timeoutSeconds: 60 };

/** How messages of the relay's queue become batches; at most 6 MB of them go together. */
export const RELAY_TRIGGER = {
  batchSize: 10,
  windowSeconds: 1,
  /** The least that Lambda allows: each environment is one more that connects to the brokers. */
  concurrencyMax: 2,
} as const;

/** Kafka may be away for a while: a day of tries, and two weeks to mend what is wrong. */
export const RELAY_QUEUE = {
  visibilityTimeoutSeconds: 6 * RELAY.timeoutSeconds,
  maxReceiveCount: 240,
  retentionDays: 14,
} as const;

/** How commit messages become batches. */
export const LOADER_TRIGGER = {
  batchSize: 10,
  windowSeconds: 1,
  /** The least that Lambda allows: loads of one table wait for each other, so more would only wait. */
  concurrencyMax: 2,
} as const;

/** How long a lost notification may keep a commit out of the warehouse, apart from the sweep's grace of 5 minutes. */
export const SWEEP_MINUTES = 15;

/** How often small files that have settled are merged: what a busy stream writes in a day takes many runs of two minutes. */
export const COMPACT_MINUTES = 60;

/** A commit is looked at three times: rows that vanish a little later are noticed too. */
export const AUDIT = { everyMinutes: 60, hours: 3 } as const;

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
 * Where each warehouse target is, and under which names; docs/warehouses.md says how each is set up.
 * DuckDB is a file on the laptop and has no home on AWS: the laptop host puts its own path here, and a deployed loader
 * fails on it (its bundle has no DuckDB and its folder is read-only), so messages end as dead letters and no commit is
 * lost.
 */
export const WAREHOUSES = {
  duckdb: { url: 'duckdb:headrace.duckdb' },
  redshift: { workgroup: 'headrace', database: 'headrace', schema: 'public', user: 'headrace_loader' },
  snowflake: {
    /** The account's identifier: organization and name. */
    account: 'MYORG-MYACCOUNT',
    user: 'HEADRACE_LOADER',
    database: 'HEADRACE',
    schema: 'PUBLIC',
    warehouse: 'HEADRACE',
    role: 'HEADRACE_LOADER',
    integration: 'HEADRACE',
  },
  athena: { workgroup: 'headrace', database: 'headrace' },
} as const satisfies Record<WarehouseTarget, Readonly<Record<string, string>>>;
