import type { Commit } from '../../pipeline/sink/commit.ts';
import { type Found, reconcile } from './reconcile.ts';
import type { Acknowledged } from './record-book.ts';

const acknowledged = (offset: number, changes: Partial<Acknowledged> = {}): Acknowledged => ({
  event: 'e',
  id: `id-${offset}`,
  partition: 0,
  offset,
  fate: 'row',
  ...changes,
});
const row = (offset: number, id = `id-${offset}`) => ({ partition: 0, offset, id });
const commit = (start: number, next: number, changes: object = {}) =>
  ({ partition: 0, start, next, rows: next - start, rejected: null, gaps: [], ...changes }) as unknown as Commit;

/** Offsets 0 to 2 are rows, 3 is a dead letter; only 0 and 3 were acknowledged. */
const FOUND: Found = {
  commits: [commit(2, 4, { rows: 1, rejected: { count: 1 } }), commit(0, 2)],
  highWatermarks: new Map([[0, 4]]),
  deadLetters: [{ partition: 0, offset: 3 }],
  rows: [row(0), row(1), row(2)],
  lakeRows: 3,
  spoilt: 0,
};
const KNOWN = [acknowledged(0), acknowledged(3, { fate: 'dead letter' })];

test('reconcile counts, and finds nothing where all is as it must be', () => {
  expect(reconcile(KNOWN, [{ event: 'e', id: 'id-1' }], FOUND)).toEqual({
    accepted: 3,
    committed: 4,
    rejected: 1,
    loaded: 3,
    again: 0,
    lost: [],
    duplicated: [],
    wrong: [],
  });
});

test.each<[string, Partial<Found>, readonly Acknowledged[], object]>([
  ['a row that is missing', { rows: [row(1), row(2)] }, KNOWN, { lost: ['id-0 at 0:0'] }],
  ['a row of another event', { rows: [row(0, 'x'), row(1), row(2)] }, KNOWN, { lost: ['id-0 at 0:0, where x is'] }],
  ['a dead letter that is missing', { deadLetters: [] }, KNOWN, { lost: ['id-3 at 0:3'] }],
  ['a row that is there twice', { rows: [row(0), row(0), row(1)] }, KNOWN, { duplicated: ['row 0:0'] }],
  ['an id that is there twice', { rows: [row(0), row(1, 'id-0'), row(2)] }, KNOWN, { duplicated: ['id id-0'] }],
  ['an offset given twice', {}, [...KNOWN, acknowledged(0)], { duplicated: ['acknowledgement 0:0'] }],
  [
    'a row and dead letter in one',
    { deadLetters: [row(0), row(3)] },
    KNOWN,
    { wrong: expect.arrayContaining(['id-0 at 0:0 is row and dead letter, not row']) },
  ],
  [
    'an invalid record that is a row',
    {},
    [acknowledged(1, { fate: 'dead letter' })],
    { wrong: ['id-1 at 0:1 is row, not dead letter'] },
  ],
  ['files with other rows', { lakeRows: 4 }, KNOWN, { wrong: ['3 rows are committed, files have 4'] }],
  ['spoilt rows', { spoilt: 2 }, KNOWN, { wrong: ['2 rows are not as they were sent'] }],
  [
    'a chain that ends too early',
    { highWatermarks: new Map([[0, 5]]) },
    KNOWN,
    { wrong: ['the chain of partition 0 ends at 4, Kafka at 5'] },
  ],
  [
    'a chain of nothing',
    {
      highWatermarks: new Map([
        [0, 4],
        [1, 1],
      ]),
    },
    KNOWN,
    { wrong: ['the chain of partition 1 ends at 0, Kafka at 1'] },
  ],
  [
    'commits that overlap',
    { commits: [commit(0, 3, { rows: 2 }), commit(2, 4, { rows: 1, rejected: { count: 1 } })] },
    KNOWN,
    { wrong: ['the commit 0:2 does not follow 3'] },
  ],
  [
    'a gap',
    { commits: [commit(0, 4, { rows: 3, rejected: { count: 1 }, gaps: [{}] })] },
    KNOWN,
    { wrong: ['the commit 0:0 has gaps'] },
  ],
  [
    'rows that no commit has',
    { rows: [...FOUND.rows, row(9)] },
    KNOWN,
    { wrong: ['3 rows are committed, 4 are loaded'] },
  ],
])('reconcile finds %s', (_, changes, known, expected) => {
  expect(reconcile(known, [], { ...FOUND, ...changes })).toMatchObject(expected);
});

test('reconcile finds queued events that are missing, and counts those that are there again', () => {
  const queued = [{ event: 'e', id: 'queued' }];
  expect(reconcile(KNOWN, queued, FOUND)).toMatchObject({ lost: ['queued, which was queued'], again: 0 });
  const rows = [row(0), row(1, 'queued'), row(2, 'queued')];
  expect(reconcile(KNOWN, queued, { ...FOUND, rows })).toMatchObject({ lost: [], duplicated: [], again: 1 });
});
