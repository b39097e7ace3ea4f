import { type EventLoad, flowOf } from '../../../cli/cost/flow.ts';
import type { EventShape } from '../../../cli/cost/shape.ts';
import { LOAD, STREAM } from './event-shapes.ts';

const files = (partitionBy: string[], load: Partial<EventLoad> = {}, shape: Partial<EventShape> = {}): number =>
  flowOf({ ...STREAM, lake: { partitionBy, openPartitionsMax: 50 }, ...shape }, { ...LOAD, ...load }).filesPerCommit;

test('flowOf: without partition columns a commit has one file', () => {
  expect(files([])).toBeCloseTo(1);
});

test('flowOf: a commit has a file for each folder that its records fall into, ten for a column unless it is said', () => {
  // 1,666 records of a commit hit each of ten folders.
  expect(files(['channel'])).toBeCloseTo(10, 5);
  expect(files(['channel'], { folders: 3 })).toBeCloseTo(3, 5);
  // 1 record a second: a batch of 5 s has 5 records in 3 × (1 − (2/3)^5) = 2.604938 partitions, 1.919432 in each, and they
  // fall into 10 × (1 − 0.9^1.919432) = 1.830948 folders.
  expect(files(['channel'], { eventsPerSecond: 1 })).toBeCloseTo(1.830948, 5);
});

test('flowOf: no commit has more files than openPartitionsMax and the one of the overflow', () => {
  expect(files(['channel', 'customer', 'shop'])).toBe(51);
  expect(files(['channel'], { folders: 50 })).toBeCloseTo(50, 5);
});

test('flowOf: folders of the time are one, and as much of the next as the batch is long', () => {
  expect(files(['year', 'month', 'day'])).toBeCloseTo(1 + 5 / 86_400, 6);
  // A drain every 30 minutes sees the hour change every second time.
  const drain = { trigger: { kind: 'drain', everySeconds: 1_800, commitBytes: 128e9 } } as const;
  expect(files(['day', 'hour'], {}, drain)).toBeCloseTo(1.5);
  expect(files(['channel', 'hour'], { folders: 4 }, drain)).toBeCloseTo(6);
});

test('flowOf: nothing that comes in makes no commit and no file', () => {
  expect(files(['channel'], { eventsPerSecond: 0 })).toBe(0);
});
