import { flowOf } from '../../../cli/cost/flow.ts';
import { unpricedWarehouse } from '../../../cli/cost/load-cost.ts';
import type { EventShape, ScheduledRun } from '../../../cli/cost/shape.ts';
import { DRAIN, LOAD, PLATFORM, STREAM } from './event-shapes.ts';

const RUNS: ScheduledRun[] = [
  { kind: 'sweep', everySeconds: 900, auditedSeconds: 0, memoryMb: 1024, timeoutSeconds: 120 },
  { kind: 'audit', everySeconds: 3_600, auditedSeconds: 10_800, memoryMb: 1024, timeoutSeconds: 120 },
  { kind: 'compaction', everySeconds: 86_400, auditedSeconds: 0, memoryMb: 1024, timeoutSeconds: 120 },
];
const lineOf = (shape: EventShape) => unpricedWarehouse({ ...shape, runs: RUNS }, PLATFORM, flowOf(shape, LOAD));

test('unpricedWarehouse: Redshift and Snowflake are awake a minute for whatever wakes them', () => {
  // A stream loads every other second.
  expect(lineOf(STREAM)).toContain('Redshift Serverless, awake 730 hours a month at 8 RPU');
  // A drain commits 0.01 times a second, a load each; a sweep and an audit are 5 an hour: 730 × (1 − e^(−0.6833)).
  expect(lineOf({ ...DRAIN, target: 'snowflake' })).toContain('the warehouse is awake 361 hours a month');
});

test('unpricedWarehouse: Athena is paid by the query', () => {
  // 3 × 0.01 + 5 / 3,600 queries a second.
  expect(lineOf({ ...DRAIN, target: 'athena' })).toContain(
    'Athena, 82,490 queries a month, each paid for 10 MB at least',
  );
});

test('unpricedWarehouse: an event of DuckDB fills its lake on AWS and nothing else', () => {
  const line = lineOf({ ...STREAM, target: 'duckdb' });
  expect(line).toContain('fills its lake there and nothing else');
  expect(line).toContain('"load" is what 5 tries of each load cost that all fail');
});
