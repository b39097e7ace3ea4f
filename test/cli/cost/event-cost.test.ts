import { eventCost, perMillion, platformCost, platformShares, totalCost } from '../../../cli/cost/event-cost.ts';
import { flowOf } from '../../../cli/cost/flow.ts';
import { eventSample } from '../../../cli/cost/measured.ts';
import type { EventShape } from '../../../cli/cost/shape.ts';
import { DRAIN, LOAD, PLATFORM, STREAM } from './event-shapes.ts';

/** A month of 730 hours has 2,628,000 seconds. All expected numbers below are worked out by hand, as the comments say. */

test('eventSample: lies on the line between what was measured, and never below the smaller', () => {
  // Halfway between 186 and 1,001 bytes.
  expect(eventSample(593.5).ingestMicros).toBeCloseTo((13.7 + 39.2) / 2);
  expect(eventSample(20)).toMatchObject({ ingestMicros: 13.7, parquetBytes: 9.4 });
});

test('eventCost: an API pays for each request, and for each 512 KB of it', () => {
  // 10 requests a second are 26.28 M a month at 1.00 each.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0)['ingest API']).toBeCloseTo(26.28);
  // 1,000 events of 1,001 bytes are 1,001,000 bytes: two units for each of 1 request a second.
  expect(eventCost(STREAM, PLATFORM, { ...LOAD, eventsPerRequest: 1_000 }, 0)['ingest API']).toBeCloseTo(5.256);
});

test('eventCost: the proxy pays its work on the share of a processor that it has, and its waiting', () => {
  // Work: 1,000 × (39.2 + 14) µs = 0.0532 s, of 1,024 MB: × 1769 / 1024 = 0.091906 s. Waiting: 10 × 0.017 s = 0.17 s.
  // 0.261906 GB-s a second × 2,628,000 × 0.0000133334 = 9.1772, and 26.28 M runs at 0.20 = 5.256.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0).proxy).toBeCloseTo(14.433, 2);
});

test('eventCost: Kafka pays what is written and what is kept, and nothing on brokers whose volumes are paid', () => {
  // 520,000 bytes a second are 1,366.56 GB a month at 0.01, and 314.496 GB in 168 hours at 0.10.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0).Kafka).toBeCloseTo(13.6656 + 31.4496, 3);
  expect(eventCost(STREAM, { ...PLATFORM, volumeGb: 100 }, LOAD, 0).Kafka).toBe(0);
});

test('flowOf: a stream’s batch ends at its window, at its 6 MB or at its records, whichever comes first', () => {
  // 1,060 bytes of JSON each: 5,660 records in 6 MB. 1,000 a second fill 5,000 in the window of 5 s.
  expect(flowOf(STREAM, LOAD).sinkRuns).toBeCloseTo(1 / 5);
  expect(flowOf(STREAM, { ...LOAD, eventsPerSecond: 100_000 }).sinkRuns).toBeCloseTo(100_000 / 5_660);
  const small = { ...LOAD, bytes: 186, eventsPerSecond: 1e6 };
  // 637 bytes each: 9,419 records in 6 MB.
  expect(flowOf(STREAM, small).sinkRuns).toBeCloseTo(1e6 / 9_419);
  // One record in 100 s is a batch of its own, in one partition.
  const rare = flowOf(STREAM, { ...LOAD, eventsPerSecond: 0.01 });
  expect([rare.sinkRuns, rare.commits, rare.loadRuns].map((one) => one.toFixed(6))).toEqual([
    '0.010000',
    '0.010000',
    '0.010000',
  ]);
});

test('flowOf: a drain commits once a run and partition, more often only when a commit is full', () => {
  expect(flowOf(DRAIN, LOAD)).toMatchObject({ sinkRuns: 1 / 300, commits: expect.closeTo(3 / 300) });
  // 100,000 × 300 s × 520 bytes are 15.6 GB a run: 121.875 commits of 128 MB.
  expect(flowOf(DRAIN, { ...LOAD, eventsPerSecond: 100_000 }).commits).toBeCloseTo(121.875 / 300);
});

test('eventCost: a stream’s sink pays for reading Lambda’s JSON, for its rows and for waiting on S3', () => {
  // Work: 1,000 × 38 µs × 1769 / 1024 = 0.0656465 s. Waiting: 0.2 × 0.002 + 0.6 × 0.12 = 0.0724 s.
  // 0.1380465 × 2,628,000 × 0.0000133334 = 4.8372, and 525,600 runs at 0.20 / M = 0.10512.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0).sink).toBeCloseTo(4.942, 2);
});

test('eventCost: a drain has a whole processor, and its start and its schedule to pay', () => {
  // Work: 1,000 × 26.4 µs = 0.0264 s. Waiting: 1.5 / 300 + 0.01 × 0.12 = 0.0062 s. × 1.727539 GB = 0.0563178 GB-s.
  // × 2,628,000 × 0.0000133334 = 1.97339; 8,760 runs: at 0.20 / M and at 1.00 / M = 0.010512.
  expect(eventCost(DRAIN, PLATFORM, LOAD, 0).sink).toBeCloseTo(1.9839, 3);
});

test('eventCost: pollers of a provisioned mapping are paid by the hour', () => {
  const trigger = { ...STREAM.trigger, pollerUnits: 2 } as EventShape['trigger'];
  const more = eventCost({ ...STREAM, trigger }, PLATFORM, LOAD, 0).sink - eventCost(STREAM, PLATFORM, LOAD, 0).sink;
  // 2 × 0.185 × 730.
  expect(more).toBeCloseTo(270.1);
});

test('eventCost: the lake pays a commit and each of its files, and a month of rows', () => {
  // 0.6 commits a second: 3.1536 M PUTs at 5.00 / M = 15.768. 93.4 bytes × 2,628 M = 245.4552 GB at 0.023 = 5.6455.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0).lake).toBeCloseTo(21.4135, 3);
  // A drain: 0.01 commits: 52,560 PUTs; 3 heads in 300 s: 26,280 LISTs and as many GETs. 78,840 × 0.005 / 1,000 = 0.3942.
  expect(eventCost(DRAIN, PLATFORM, LOAD, 0).lake).toBeCloseTo(0.3942 + 0.010512 + 5.64547, 3);
  // 1,000 folders of which 50 are opened, and the overflow: 1,576,800 × 52 PUTs = 409.968.
  const parted = { ...STREAM, lake: { partitionBy: ['channel', 'customer', 'shop'], openPartitionsMax: 50 } };
  expect(eventCost(parted, PLATFORM, LOAD, 0).lake).toBeCloseTo(409.968 + 5.64547, 3);
});

test('eventCost: a load pays the queue, the commit and the files that are read, its list of files, and its time', () => {
  // 0.6 messages a second, each a run of its own: (0.6 + 1.2 + 0.25) × 2,628,000 × 0.40 / M = 2.15496.
  // 1,576,800 commits and as many files: 3,153,600 GETs at 0.40 / M = 1.26144. Runs at 0.20 / M = 0.31536, 0.3 GB-s a
  // second = 10.5121. 1,576,800 manifests at 5.00 / M = 7.884.
  expect(eventCost(STREAM, PLATFORM, LOAD, 0).load).toBeCloseTo(22.1279, 3);
  expect(eventCost({ ...STREAM, target: 'athena' }, PLATFORM, LOAD, 0).load).toBeCloseTo(22.1279, 3);
  // Snowflake is told the files in its statement.
  expect(eventCost({ ...STREAM, target: 'snowflake' }, PLATFORM, LOAD, 0).load).toBeCloseTo(14.2439, 3);
});

test('eventCost: without a warehouse on AWS a load pays its tries that fail, and reads nothing', () => {
  // 5 tries of 0.6 messages: (0.6 + 3 + 0.25) × 2,628,000 × 0.40 / M = 4.04712. 7,884,000 runs at 0.20 / M = 1.5768, and
  // 3 × 0.5 GB-s a second × 2,628,000 × 0.0000133334 = 52.5603.
  expect(eventCost({ ...STREAM, target: 'duckdb' }, PLATFORM, LOAD, 0).load).toBeCloseTo(58.1842, 3);
});

test('eventCost: operation pays logs, series, alarms, the dashboard and other scheduled runs', () => {
  const observation = { metrics: 10, alarmMetrics: 8, dashboards: 1, keys: 1, secrets: 1 };
  const run = { kind: 'other', everySeconds: 3600, auditedSeconds: 0, memoryMb: 1024, timeoutSeconds: 120 } as const;
  const shape = { ...STREAM, observation, runs: [run] };
  // Logs: 10 × 650 + 0.6 × 1,100 + 0.6 × 900 = 7,700 bytes a second: 20.2356 GB at 0.50 = 10.1178.
  // 10 × 0.30 + 8 × 0.10 + 3.00 + 1.00 + 0.40 = 8.20. 730 runs of 2 s: 1,460 GB-s = 0.019467, and 0.000876.
  expect(eventCost(shape, PLATFORM, LOAD, 0).operation).toBeCloseTo(18.3381, 3);
});

test('platformCost: brokers, endpoints and volumes by the hour and month', () => {
  // 3 × 0.408 × 730 = 893.52; 9 × 0.01 × 730 = 65.70.
  expect(platformCost(PLATFORM)).toBeCloseTo(959.22);
  const standard = { ...PLATFORM, instanceType: 'kafka.t3.small', volumeGb: 20, endpointInterfaces: 0 };
  // 3 × 0.0456 × 730 = 99.864, and 3 × 20 × 0.10.
  expect(platformCost(standard)).toBeCloseTo(105.864);
});

test('the brokers’ prices come to the 962 USD that AWS’s example gives for 1 MB/s, within 2 %', () => {
  const load = { ...LOAD, eventsPerSecond: 1e6 / eventSample(1001).kafkaBytes };
  const brokers = platformCost({ ...PLATFORM, endpointInterfaces: 0 }) + eventCost(STREAM, PLATFORM, load, 0).Kafka;
  expect(Math.abs(brokers / 962 - 1)).toBeLessThan(0.02);
});

test('platformShares: events share the platform by their bytes in Kafka', () => {
  const shares = platformShares([LOAD, { ...LOAD, eventsPerSecond: 3_000 }]);
  expect(shares).toEqual([expect.closeTo(0.25), expect.closeTo(0.75)]);
  expect(platformShares([{ ...LOAD, eventsPerSecond: 0 }])).toEqual([1]);
  const whole = eventCost(STREAM, PLATFORM, LOAD, 1).platform;
  expect(whole).toBe(platformCost(PLATFORM));
});

test('perMillion: is the month’s cost by the month’s events', () => {
  // 2,628 M events a month.
  expect(perMillion(2_628, LOAD)).toBeCloseTo(1);
  expect(perMillion(5, { ...LOAD, eventsPerSecond: 0 })).toBe(0);
});

test('totalCost: an event that nobody sends costs its alarms, its idle queue and its schedule, and no more', () => {
  const costs = eventCost(DRAIN, PLATFORM, { ...LOAD, eventsPerSecond: 0 }, 0);
  expect([costs['ingest API'], costs.proxy, costs.Kafka, costs.operation]).toEqual([0, 0, 0, 0]);
  // 8,760 starts of 1.5 s: 22,700 GB-s = 0.3027 and 0.0105; 26,280 heads = 0.1419; 657,000 empty polls = 0.2628.
  expect(totalCost(costs)).toBeCloseTo(0.3027 + 0.0105 + 0.1419 + 0.2628, 2);
});
