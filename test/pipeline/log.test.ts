import { jest } from '@jest/globals';
import { PipelineError } from '../../pipeline/errors.ts';
import { jsonLog } from '../../pipeline/log.ts';

let written = '';
beforeEach(() => {
  written = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What was written, each line of it as JSON. */
const lines = (): unknown[] =>
  written
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const NOW = Date.parse('2026-11-20T12:00:00Z');

test('jsonLog: a line is one JSON object with the fields of the log and its own', () => {
  const log = jsonLog({ event: 'order_created', requestId: 'r-1' }, () => NOW);
  log.with({ partition: 2 }).info('committed', { first: 5, next: 9, traceparents: ['a', 'b'], commitKey: undefined });
  expect(lines()).toEqual([
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
  expect(lines()).toMatchObject([{ message: 'first\nsecond' }]);
});

test('jsonLog: nothing goes by the console, to which Lambda adds a prefix that is no JSON', () => {
  const methods = (['debug', 'error', 'info', 'log', 'warn'] as const).map((method) => jest.spyOn(console, method));
  const log = jsonLog();
  log.info('a');
  log.warn('b');
  log.error('c', new Error('d'));
  expect(lines()).toMatchObject([{ level: 'INFO' }, { level: 'WARN' }, { level: 'ERROR' }]);
  expect(methods.filter((method) => method.mock.calls.length > 0)).toEqual([]);
});

test('jsonLog: an error is told with its type, and with the advice that our own errors have', () => {
  const log = jsonLog({}, () => NOW);
  log.error('load failed', new PipelineError('UNAVAILABLE', 'Cannot open it', { retryable: true }), { messageId: 'm' });
  log.error('load failed', 'text');
  const [first, second] = lines();
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
