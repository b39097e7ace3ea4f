import { jest } from '@jest/globals';
import { PipelineError } from '../../pipeline/errors.ts';
import { jsonLog } from '../../pipeline/log.ts';

const out: string[] = [];
const err: string[] = [];
beforeEach(() => {
  out.length = 0;
  err.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line: unknown) => void out.push(String(line)));
  jest.spyOn(console, 'error').mockImplementation((line: unknown) => void err.push(String(line)));
});
afterEach(() => {
  jest.restoreAllMocks();
});

const NOW = Date.parse('2026-11-20T12:00:00Z');

test('jsonLog: a line is one JSON object with the fields of the log and its own', () => {
  const log = jsonLog({ event: 'order_created', requestId: 'r-1' }, () => NOW);
  log.with({ partition: 2 }).info('committed', { first: 5, next: 9, traceparents: ['a', 'b'], commitKey: undefined });
  expect(out.map((line) => JSON.parse(line))).toEqual([
    {
      time: '2026-11-20T12:00:00.000Z',
      level: 'INFO',
      message: 'committed',
      event: 'order_created',
      requestId: 'r-1',
      partition: 2,
      first: 5,
      next: 9,
      traceparents: ['a', 'b'],
    },
  ]);
});

test('jsonLog: a line of several lines stays one line', () => {
  jsonLog().warn('first\nsecond');
  expect(out).toHaveLength(1);
  expect(out[0]).not.toContain('\n');
});

test('jsonLog: an error goes to standard error with its type, and with the advice that our own errors have', () => {
  const log = jsonLog({}, () => NOW);
  log.error('load failed', new PipelineError('UNAVAILABLE', 'Cannot open it', { retryable: true }), { messageId: 'm' });
  log.error('load failed', 'text');
  expect(out).toEqual([]);
  const [first, second] = err.map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    level: 'ERROR',
    errorType: 'PipelineError',
    error: 'Cannot open it',
    code: 'UNAVAILABLE',
    retryable: true,
    messageId: 'm',
  });
  expect(second).toEqual({ time: '2026-11-20T12:00:00.000Z', level: 'ERROR', message: 'load failed', error: 'text' });
});
