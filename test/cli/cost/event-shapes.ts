/** Shapes of events and their load, for which the tests of costs have numbers worked out by hand. */
import type { EventLoad } from '../../../cli/cost/flow.ts';
import type { EventShape, Observation, PlatformShape } from '../../../cli/cost/shape.ts';

export const NOTHING: Observation = { metrics: 0, alarmMetrics: 0, dashboards: 0, keys: 0, secrets: 0 };

export const STREAM: EventShape = {
  lake: { partitionBy: [], openPartitionsMax: 50 },
  target: 'redshift',
  partitions: 3,
  retentionHours: 168,
  trigger: { kind: 'stream', windowSeconds: 5, batchSize: 10_000, pollerUnits: 0 },
  sinkMemoryMb: 1024,
  loaderMemoryMb: 1024,
  loaderBatchSize: 10,
  loaderWindowSeconds: 1,
  loadTries: 5,
  runs: [],
  observation: NOTHING,
};

export const DRAIN: EventShape = {
  ...STREAM,
  sinkMemoryMb: 1769,
  trigger: { kind: 'drain', everySeconds: 300, commitBytes: 128e6 },
};

export const PLATFORM: PlatformShape = {
  proxyMemoryMb: 1024,
  brokers: 3,
  instanceType: 'express.m7g.large',
  volumeGb: 0,
  endpointInterfaces: 9,
  redshiftRpu: 8,
  observation: NOTHING,
};

/** 1,001 bytes are one of the measured sizes: 39.2 µs ingest, 15.1 µs Lambda's JSON, 22.9 µs sink, 520 bytes in Kafka. */
export const LOAD: EventLoad = { eventsPerSecond: 1_000, bytes: 1001, eventsPerRequest: 100 };
