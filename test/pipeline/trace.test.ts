import type { KafkaRecord } from '../../pipeline/ports.ts';
import { isTraceparent, sampledTraceparent, tracedOffset } from '../../pipeline/trace.ts';

// The example of the recommendation, section 3.2.
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('isTraceparent: takes what the recommendation allows', () => {
  expect([TRACE, TRACE.replace(/01$/, '00'), `cc${TRACE.slice(2)}-what-the-future-brings`].map(isTraceparent)).toEqual([
    true,
    true,
    true,
  ]);
});

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['upper case', TRACE.toUpperCase()],
  ['version ff', `ff${TRACE.slice(2)}`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ['a parent id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
  ['a short one', TRACE.slice(0, -1)],
  ['one with more behind it', `${TRACE}x`],
])('isTraceparent: %s is none', (_, text) => {
  expect(isTraceparent(text)).toBe(false);
  expect(sampledTraceparent(text)).toBeUndefined();
});

test('sampledTraceparent: a trace that its caller does not record is left behind', () => {
  expect(sampledTraceparent(TRACE)).toBe(TRACE);
  expect(sampledTraceparent(TRACE.replace(/01$/, '03'))).toBe(TRACE.replace(/01$/, '03'));
  expect(sampledTraceparent(TRACE.replace(/01$/, '02'))).toBeUndefined();
});

const record = (offset: number, trace?: string): KafkaRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: null,
  headers: [
    ['ce_id', Buffer.from('1')],
    ...(trace === undefined ? [] : [['ce_traceparent', Buffer.from(trace)] as const]),
  ],
});

test('tracedOffset: names the offset of a record that has a trace', () => {
  const records = [record(3), record(4, TRACE), record(5, 'no trace\n{"level":"ERROR"}')];
  expect(records.map(tracedOffset)).toEqual([undefined, `4 ${TRACE}`, undefined]);
});
