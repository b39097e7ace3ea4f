import { parseScheduleExpression } from '../../../local/event-sources/schedule-expression.ts';

const next = (expression: string, after: string): string | undefined => {
  const at = parseScheduleExpression(expression).next(Date.parse(after));
  return at === undefined ? undefined : new Date(at).toISOString();
};

test.each([
  ['rate(1 minute)', '2026-11-20T12:30:10.500Z', '2026-11-20T12:31:10.500Z'],
  ['rate(90 minutes)', '2026-11-20T23:00:00.000Z', '2026-11-21T00:30:00.000Z'],
  ['rate(2 hours)', '2026-11-20T12:00:00.000Z', '2026-11-20T14:00:00.000Z'],
  ['rate(7 days)', '2026-12-30T00:00:00.000Z', '2027-01-06T00:00:00.000Z'],
  ['cron(* * * * ? *)', '2026-11-20T12:30:00.000Z', '2026-11-20T12:31:00.000Z'],
  ['cron(0 3 * * ? *)', '2026-11-20T03:00:00.000Z', '2026-11-21T03:00:00.000Z'],
  ['cron(5/20 * * * ? *)', '2026-11-20T12:26:00.000Z', '2026-11-20T12:45:00.000Z'],
  ['cron(0,30 8-17/3 ? * MON-FRI *)', '2026-11-20T17:30:00.000Z', '2026-11-23T08:00:00.000Z'],
  ['cron(15 10 ? * 6 2026-2028)', '2026-11-20T10:15:00.000Z', '2026-11-27T10:15:00.000Z'],
  ['cron(0 0 29 feb ? *)', '2026-11-20T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
  ['cron(0 0 1 JAN ? *)', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
])('parseScheduleExpression: %s comes next after %s at %s', (expression, after, expected) => {
  expect(next(expression, after)).toBe(expected);
});

test.each(['cron(0 0 30 FEB ? *)', 'cron(0 0 1 1 ? 2020)'])('parseScheduleExpression: %s never comes', (expression) => {
  expect(next(expression, '2026-11-20T00:00:00.000Z')).toBeUndefined();
});

test.each([
  'at(2026-11-20T12:00:00)',
  'rate(0 minutes)',
  'rate(5 seconds)',
  'rate(minutes)',
  'cron(0 0 L * ? *)',
  'cron(0 0 ? * 2#1 *)',
  'cron(60 * * * ? *)',
  'cron(30-10 * * * ? *)',
  'cron(*/0 * * * ? *)',
  'cron(* * * * *)',
  'every day',
])('parseScheduleExpression refuses %s', (expression) => {
  expect(() => parseScheduleExpression(expression)).toThrow(`does not know the schedule "${expression}"`);
});
