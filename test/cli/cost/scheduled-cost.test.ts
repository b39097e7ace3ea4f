import { eventCost } from '../../../cli/cost/event-cost.ts';
import { flowOf } from '../../../cli/cost/flow.ts';
import { runsCost, unfinishedRuns } from '../../../cli/cost/scheduled-cost.ts';
import type { EventShape, ScheduledRun } from '../../../cli/cost/shape.ts';
import { DRAIN, LOAD, PLATFORM, STREAM } from './event-shapes.ts';

const SWEEP: ScheduledRun = {
  kind: 'sweep',
  everySeconds: 900,
  auditedSeconds: 0,
  memoryMb: 1024,
  timeoutSeconds: 120,
};
const AUDIT: ScheduledRun = { ...SWEEP, kind: 'audit', everySeconds: 3_600, auditedSeconds: 10_800 };
const COMPACTION: ScheduledRun = { ...SWEEP, kind: 'compaction', everySeconds: 86_400 };
/** As of a drain, which has a whole processor and ten minutes. */
const DRAIN_COMPACTION: ScheduledRun = { ...COMPACTION, memoryMb: 1769, timeoutSeconds: 600 };
const costOf = (run: ScheduledRun, shape: EventShape = STREAM) => runsCost(run, shape, LOAD, flowOf(shape, LOAD));

test('runsCost: a sweep lists 14 times in each partition at most, however many commits there are', () => {
  // 3 partitions: 42 LISTs at 5.00 / M, 2,920 times = 0.6132. 2 + 4.2 s of 1 GB, 2,920 times × 0.0000133334 = 0.2414; starts
  // at 1.20 / M = 0.0035.
  expect(costOf(SWEEP)).toEqual({ usd: expect.closeTo(0.8581, 3), done: 1 });
});

test('runsCost: an audit reads the commits of its hours and one more, and looks for each file', () => {
  // 8,640 GETs, 6,480 LISTs of a file and 11.64 of commits: 0.0359142, 730 times = 26.2174. 2 + 1.164 + 15,120 / 16 × 0.03 s
  // = 31.514 s of 1 GB, 730 times = 0.3067; starts at 1.20 / M = 0.0009.
  expect(costOf(AUDIT)).toEqual({ usd: expect.closeTo(26.525, 3), done: 1 });
  const parted = { ...STREAM, lake: { partitionBy: ['channel'], openPartitionsMax: 50 } };
  // Ten files each: 58,320 LISTs more, 0.2916 a run = 212.868; 109.35 s more = 1.0643. Their 140.864 s are 20.864 too many.
  const cost = costOf(AUDIT, parted);
  expect(cost.done).toBeCloseTo(120 / 140.864, 4);
  expect(cost.usd).toBeCloseTo((120 / 140.864) * (26.5241 + 212.868 + 1.0643) + 0.0009, 1);
});

test('runsCost: without a warehouse sweeps and audits only start', () => {
  // 730 starts at 1.20 / M and 2 s of 1 GB = 0.000876 + 0.019467.
  expect(costOf(AUDIT, { ...STREAM, target: 'duckdb' }).usd).toBeCloseTo(0.020343, 5);
});

test('eventCost: a compaction reads commits and files, writes larger ones, and keeps the rows twice', () => {
  const load = { ...LOAD, eventsPerSecond: 100 };
  const lake = (runs: ScheduledRun[]) => eventCost({ ...DRAIN, runs }, PLATFORM, load, 0).lake;
  // A file of 128 MB is a partition's 41,113.5 s, so 6.3045 merges a day. A commit is read 1.2379 times and its file once:
  // 864 × 2.2379 + 3 = 1,936.57 GETs. 2 × 6.3045 + 48.1 parts = 60.71 PUTs, 7.93 LISTs. S3: 0.0011188 a day.
  // 8.64 M × 14.5 µs + 2 + 0.793 + 3.745 = 131.818 s of 1.7275 GB = 0.0030363; with 1.20 / M each, 30.4167 times = 0.1264.
  // The second copy: 24.5455 GB at 0.023 = 0.5645.
  expect(lake([DRAIN_COMPACTION]) - lake([])).toBeCloseTo(0.1264 + 0.5645, 3);
});

test('runsCost: a compaction with too much to do does what it has time for, and the lake keeps as much twice', () => {
  // 104,916 GETs and 607 PUTs = 197.86 s, 110.9 LISTs = 11.09 s, 86.4 M × 14.5 µs × 1769 / 1024 = 2,164.26 s, and 2 s.
  const { done } = costOf(COMPACTION);
  expect(done).toBeCloseTo(120 / 2375.21, 4);
  const lake = (runs: ScheduledRun[]) => eventCost({ ...STREAM, runs }, PLATFORM, LOAD, 0).lake;
  expect(lake([COMPACTION]) - lake([])).toBeCloseTo(costOf(COMPACTION).usd + done * 5.64547, 4);
  expect(unfinishedRuns({ ...STREAM, runs: [COMPACTION, SWEEP] }, LOAD, flowOf(STREAM, LOAD))).toEqual([
    'The compaction does some 5.1 % of its work in the 120 s of its function.',
  ]);
});

test('runsCost: an event that nobody sends is looked at all the same', () => {
  const load = { ...LOAD, eventsPerSecond: 0 };
  for (const run of [SWEEP, AUDIT, COMPACTION, DRAIN_COMPACTION]) {
    const { usd, done } = runsCost(run, DRAIN, load, flowOf(DRAIN, load));
    expect(done).toBe(1);
    expect(usd).toBeGreaterThan(0);
    expect(usd).toBeLessThan(0.2);
  }
});
