import { s3EventMessage, s3TestMessage } from '../../../local/aws/s3-event.ts';
import { notificationTimes, notifiedKeys } from '../../../pipeline/load/commit-notifications.ts';

const record = (key: string, bucket = 'lake') => ({ s3: { bucket: { name: bucket }, object: { key } } });
const body = (...records: object[]): string => JSON.stringify({ Records: records });

test('notifiedKeys: reads every record, and decodes keys as S3 encodes them', () => {
  const key = 'commits/0/a b+ü%.json';
  const stored = { key, lastModified: new Date(0), contentLength: 1, etag: '"e"' };
  const message = s3EventMessage('lake', stored as Parameters<typeof s3EventMessage>[1], 'ObjectCreated:Put');
  expect(notifiedKeys(message, 'lake')).toEqual([key]);
  expect(notifiedKeys(body(record('commits/0/1.json'), record('a%2Fb+c')), 'lake')).toEqual([
    'commits/0/1.json',
    'a/b c',
  ]);
});

test('notifiedKeys: the test event that S3 sends at first names nothing', () => {
  expect(notifiedKeys(s3TestMessage('lake'), 'lake')).toEqual([]);
});

test.each([
  '',
  'text',
  'null',
  '[]',
  '{}',
  '{"Records":[]}',
  '{"Records":{}}',
  '{"Records":[null]}',
  '{"Records":[{}]}',
])('notifiedKeys: refuses %j', (message) => {
  expect(() => notifiedKeys(message, 'lake')).toThrow('Cannot read the message');
});

test('notifiedKeys: refuses a message about another bucket, where the same keys name other commits', () => {
  expect(() => notifiedKeys(body(record('commits/0/1.json', 'other')), 'lake')).toThrow(
    'Cannot read the message: it is about the bucket "other", allowed is "lake"',
  );
});

test('notifiedKeys: refuses a key that is not encoded', () => {
  expect(() => notifiedKeys(body(record('%zz')), 'lake')).toThrow();
});

test('notificationTimes: tells when each object was created, and leaves out what it cannot read', () => {
  const records = [
    { eventTime: '2026-11-20T12:00:00.250Z', s3: { object: { key: 'commits/0/a+b%2B.json' } } },
    { eventTime: 'soon', s3: { object: { key: 'commits/0/c.json' } } },
    {},
  ];
  expect([...notificationTimes(JSON.stringify({ Records: records }))]).toEqual([
    ['commits/0/a b+.json', Date.parse('2026-11-20T12:00:00.250Z')],
  ]);
  expect(notificationTimes('no JSON').size).toBe(0);
});
