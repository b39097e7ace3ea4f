/** The price list: what AWS charges in us-east-1, in USD, without free tiers and discounts. */

/** When the list was written. Check it against https://aws.amazon.com/pricing/ before you decide by it. */
export const PRICES_DATE = '2026-11-20';
export const PRICES_REGION = 'us-east-1';

/** Taken from AWS's price pages. */
export const PRICES = {
  /** An HTTP API's request, for each 512 KB of it. */
  apiRequest: 1.0 / 1e6,
  apiRequestBytes: 512 * 1024,
  lambdaRequest: 0.2 / 1e6,
  /** A GB of memory for a second, on arm64. */
  lambdaGbSecond: 0.0000133334,
  s3Put: 0.005 / 1e3,
  s3Get: 0.0004 / 1e3,
  s3GbMonth: 0.023,
  sqsRequest: 0.4 / 1e6,
  /** A unit of a provisioned Kafka event source mapping. */
  pollerUnitHour: 0.185,
} as const;

/**
 * Not confirmed against AWS's own pages. The brokers' are such that three express.m7g.large at 1 MB/s come to AWS's own
 * example of 962 USD a month, within 2 %; a test holds that.
 */
export const UNVERIFIED_PRICES = {
  brokerHour: {
    'express.m7g.large': 0.408,
    'express.m7g.xlarge': 0.816,
    'express.m7g.2xlarge': 1.632,
    'express.m7g.4xlarge': 3.264,
    'kafka.m7g.large': 0.204,
    'kafka.t3.small': 0.0456,
  } as Readonly<Record<string, number>>,
  /** Of what producers write to Express brokers. */
  expressInGb: 0.01,
  /** Once for all replicas. */
  expressGbMonth: 0.1,
  /** Of each Standard broker's volume. */
  volumeGbMonth: 0.1,
  endpointHour: 0.01,
  logGb: 0.5,
  metricMonth: 0.3,
  /** For each metric that an alarm reads. */
  alarmMetricMonth: 0.1,
  dashboardMonth: 3.0,
  scheduledRun: 1.0 / 1e6,
  keyMonth: 1.0,
  secretMonth: 0.4,
} as const;

/** Of the services beside which Headrace is shown; not confirmed either. */
export const ALTERNATIVE_PRICES = {
  /** Each record counts as a multiple of 5 KB. */
  firehoseGb: 0.029,
  firehoseParquetGb: 0.018,
  firehoseRecordBytes: 5 * 1024,
  /** A shard takes 1 MB and 1,000 records a second. */
  kinesisShardHour: 0.015,
  kinesisPutUnit: 0.014 / 1e6,
  kinesisPutUnitBytes: 25 * 1024,
} as const;

/** USD per million events of 1 KB, derived from what others publish about their own pipelines, by events a month. */
export const PUBLISHED = [
  { who: 'AWS Clickstream guidance', perMillion: 3.15, eventsPerMonth: 263e6 },
  { who: 'AWS Clickstream guidance', perMillion: 0.53, eventsPerMonth: 2.6e9 },
  { who: 'AWS Clickstream guidance', perMillion: 0.2, eventsPerMonth: 26e9 },
  { who: 'AWS Game Analytics guidance, to Iceberg', perMillion: 0.25, eventsPerMonth: 259e6 },
  { who: 'AWS Game Analytics guidance, to Redshift', perMillion: 0.97, eventsPerMonth: 259e6 },
] as const;
