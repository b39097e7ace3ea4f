import { globSync, readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { logMetrics, METRICS, secondsBetween } from '../../pipeline/metrics.ts';

test('logMetrics: writes one line in CloudWatch’s embedded metric format', () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  logMetrics({ event: 'order_created' }, { CommittedBytes: 3, LoadSeconds: [0.5, 2] }, 1_700_000_000_000);
  const lines = write.mock.calls.map(([line]) => JSON.parse(String(line)));
  write.mockRestore();
  const Metrics = [
    { Name: 'CommittedBytes', Unit: 'Bytes' },
    { Name: 'LoadSeconds', Unit: 'Seconds' },
  ];
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [{ Namespace: 'Headrace', Dimensions: [['event']], Metrics }],
      },
      event: 'order_created',
      CommittedBytes: 3,
      LoadSeconds: [0.5, 2],
    },
  ]);
});

test('METRICS: a name says its unit', () => {
  for (const [name, { kind, unit }] of Object.entries(METRICS)) {
    expect([name, unit === 'Seconds']).toEqual([name, name.endsWith('Seconds')]);
    expect([name, unit === 'Bytes']).toEqual([name, name.endsWith('Bytes')]);
    expect([name, kind === 'duration']).toEqual([name, unit === 'Seconds']);
  }
});

test('secondsBetween: is never negative when clocks disagree', () => {
  expect(secondsBetween(1000, 3500)).toBe(2.5);
  expect(secondsBetween(3500, 1000)).toBe(0);
});

test('METRICS: every metric is written by something, so that no alarm waits for one that never comes', () => {
  const files = globSync(['lambdas/**/*.ts', 'pipeline/**/*.ts']).filter((file) => file !== 'pipeline/metrics.ts');
  const sources = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const unwritten = Object.keys(METRICS).filter((name) => !new RegExp(`\\b${name}\\b`).test(sources));
  expect(unwritten).toEqual([]);
});
