import { COMMIT_FORMAT, type Commit, parseCommit } from '../../../pipeline/sink/commit.ts';
import { type CommitLog, commitKey, commitLog, parseCommitKey } from '../../../pipeline/sink/commit-log.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

const commit = (partition: number, start: number, next: number): Commit => ({
  format: COMMIT_FORMAT,
  event: 'order_created',
  topic: 'order_created',
  partition,
  start,
  first: start,
  last: next - 1,
  next,
  rows: next - start,
  checksum: 0,
  files: [],
  rejected: null,
  gaps: [],
  schemaVersion: 1,
  timestamps: { min: 0, max: 0 },
  ends: { first: 0, last: 0 },
  eventTime: null,
});

/** Where the partition's chain goes on. */
const next = async (log: CommitLog, partition: number): Promise<number> => (await log.head(partition))?.next ?? 0;

test('commitKey: names descend as offsets ascend, up to the largest offset of a double', () => {
  const offsets = [0, 1, 9, 10, 999, 1000, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER];
  const keys = offsets.map((offset) => commitKey(12, offset));
  expect(keys[0]).toBe('commits/12/9999999999999999999.json');
  expect([...keys].sort().reverse()).toEqual(keys);
  expect(keys.map(parseCommitKey)).toEqual(offsets.map((start) => ({ partition: 12, start })));
});

test.each([
  ['too few digits', 'commits/0/1.json'],
  ['a partition that is no number', 'commits/x/9999999999999999999.json'],
  ['another extension', `${commitKey(0, 1)}.tmp`],
  ['another prefix', 'data/x'],
  ['a second spelling of a partition', 'commits/00/9999999999999999999.json'],
  ['a partition that no double can tell from others', `commits/${2n ** 53n + 1n}/9999999999999999999.json`],
  ['an offset that no double can tell from others', `commits/0/${9_999_999_999_999_999_999n - 2n ** 53n}.json`],
  ['the largest offset of 19 digits', 'commits/0/0000000000000000000.json'],
])('parseCommitKey: %s is no commit', (_, key) => {
  expect(parseCommitKey(key)).toBeUndefined();
});

test('commitLog: there is no head without commits, then what the head says, and partition 1 is not partition 10', async () => {
  const lake = memoryObjectStore();
  const log = commitLog(lake);
  expect(await log.append(commit(10, 0, 500))).toBe('committed');
  expect(await next(commitLog(lake), 1)).toBe(0);
  expect(await log.append(commit(1, 0, 5))).toBe('committed');
  expect(await log.append(commit(1, 5, 7))).toBe('committed');
  expect([await next(log, 1), await next(log, 10)]).toEqual([7, 500]);
  expect([await next(commitLog(lake), 1), await next(commitLog(lake), 10)]).toEqual([7, 500]);
});

test('commitLog: a stale writer is superseded, changes nothing, and then knows better', async () => {
  const lake = memoryObjectStore();
  const [first, second] = [commitLog(lake), commitLog(lake)];
  expect(await first.append(commit(0, 0, 4))).toBe('committed');
  expect([await next(first, 0), await next(second, 0)]).toEqual([4, 4]);
  expect(await first.append(commit(0, 4, 10))).toBe('committed');
  const before = lake.objects.get(commitKey(0, 4));
  expect(await next(second, 0)).toBe(4);
  expect(await second.append(commit(0, 4, 20))).toBe('superseded');
  expect(lake.objects.get(commitKey(0, 4))).toBe(before);
  expect(await next(second, 0)).toBe(10);
});

test('commitLog: of two writers of the same commit one has committed it, also when its request was sent twice', async () => {
  const lake = memoryObjectStore();
  const putTwice = async (key: string, body: Uint8Array) => {
    await lake.putIfAbsent(key, body);
    return lake.putIfAbsent(key, body);
  };
  expect(await commitLog({ ...lake, putIfAbsent: putTwice }).append(commit(0, 0, 4))).toBe('committed');
  expect(await commitLog({ ...lake, putIfAbsent: putTwice }).append(commit(0, 0, 4))).toBe('superseded');
  expect(await commitLog(lake).append(commit(0, 0, 4))).toBe('superseded');
});

test.each([
  ['no JSON', 'hello', 'it is no commit; move what is not a commit out of commits/'],
  ['null', 'null', 'it is no commit'],
  ['another JSON', '{"a":1}', 'it is no commit'],
  ['a newer format', '{"format":2}', 'it has format 2, allowed is 1; deploy the functions again'],
  ['a commit that lacks a field', JSON.stringify({ ...commit(0, 5, 9), ends: undefined }), 'its "ends" is missing'],
  ['another place’s commit', JSON.stringify(commit(1, 0, 5)), 'it starts at offset 0 of partition 1'],
])('commitLog: stops at a head that holds %s', async (_, body, reason) => {
  const lake = memoryObjectStore();
  await lake.put(commitKey(0, 5), Buffer.from(body));
  await expect(next(commitLog(lake), 0)).rejects.toThrow(reason);
});

test('commitLog: stops at a foreign object that sorts before the head, and does not see one that sorts after it', async () => {
  const lake = memoryObjectStore();
  await commitLog(lake).append(commit(0, 0, 5));
  await lake.put('commits/0/readme.txt', Buffer.from('hello'));
  expect(await next(commitLog(lake), 0)).toBe(5);
  await lake.put('commits/0/.DS_Store', Buffer.from('hello'));
  await expect(next(commitLog(lake), 0)).rejects.toThrow('Cannot read the commit "commits/0/.DS_Store"');
});

const WHOLE = {
  ...commit(0, 5, 9),
  files: [{ key: 'data/x', rows: 1, bytes: 9 }],
  rejected: { key: 'rejected/x', count: 1, codes: { NULL_VALUE: 1 }, bytes: 9, checksum: -3 },
  gaps: [
    { first: 5, next: 6, cause: 'retention' },
    { first: 6, next: 7, cause: 'unknown' },
  ],
  eventTime: { min: '2026-11-20T12:00:00.000Z', max: '2026-11-20T12:00:00.000Z' },
} satisfies Commit;

const parsed = (value: object): Commit => parseCommit('commits/x', Buffer.from(JSON.stringify(value)));

test('parseCommit: takes a whole commit, one with a field that it does not know, and any time that Kafka takes', () => {
  const timestamps = { min: -(2 ** 63), max: 2 ** 63 };
  expect(parsed({ ...WHOLE, timestamps })).toEqual({ ...WHOLE, timestamps });
  expect(parsed(WHOLE)).toEqual(WHOLE);
  expect(parsed({ ...WHOLE, later: 1, traced: ['5 00-x'] })).toMatchObject(WHOLE);
});

test('parseCommit: takes a commit of gaps alone, whose last record is before it or nowhere', () => {
  const gaps = [{ first: 5, next: 9, cause: 'unknown' }];
  const nothing = { ...WHOLE, rows: 0, files: [], rejected: null, eventTime: null, gaps };
  for (const last of [-1, 4]) {
    expect(parsed({ ...nothing, first: last, last })).toMatchObject({ first: last, last, next: 9 });
  }
  expect(() => parsed({ ...nothing, first: 4, last: 4, next: 5 })).toThrow('its "next" is missing or wrong');
});

test('parseCommit: refuses a commit that lacks any one field, by its name', () => {
  for (const field of Object.keys(WHOLE).filter((name) => name !== 'format')) {
    expect(() => parsed({ ...WHOLE, [field]: undefined })).toThrow(`its "${field}" is missing or wrong`);
  }
});

test.each<[string, object]>([
  ['partition', { partition: -1 }],
  ['next', { next: 9e15 + 1e15 }],
  ['next', { next: 8 }],
  ['next', { first: 4 }],
  ['next', { last: 4 }],
  ['start', { start: '5' }],
  ['rows', { rows: 0.5 }],
  ['files', { files: [{ key: 'data/x', rows: 1 }] }],
  ['files', { files: {} }],
  ['rejected', { rejected: {} }],
  ['gaps', { gaps: [null] }],
  ['gaps', { gaps: [{ first: 7, next: 7, cause: 'unknown' }] }],
  ['gaps', { gaps: [{ first: 8, next: 10, cause: 'unknown' }] }],
  ['gaps', { gaps: WHOLE.gaps.toReversed() }],
  ['timestamps', { timestamps: { min: 0 } }],
  ['eventTime', { eventTime: { min: 1, max: 2 } }],
])('parseCommit: refuses a wrong %s: %j', (field, changes) => {
  expect(() => parsed({ ...WHOLE, ...changes })).toThrow(`its "${field}" is missing or wrong`);
});
