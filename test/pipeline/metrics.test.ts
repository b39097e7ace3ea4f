import { jest } from '@jest/globals';
import { logMetrics } from '../../pipeline/metrics.ts';

test('logMetrics: writes one line in CloudWatch’s embedded metric format', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  logMetrics({ event: 'order_created' }, { Accepted: 3, Refused: 0 }, 1_700_000_000_000);
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
  log.mockRestore();
  const Metrics = [
    { Name: 'Accepted', Unit: 'Count' },
    { Name: 'Refused', Unit: 'Count' },
  ];
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [{ Namespace: 'Headrace', Dimensions: [['event']], Metrics }],
      },
      event: 'order_created',
      Accepted: 3,
      Refused: 0,
    },
  ]);
});
