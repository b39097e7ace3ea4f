import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditReport, audit } from '../../../pipeline/audit/audit.ts';
import { removeOrphans } from '../../../pipeline/audit/check-objects.ts';
import { COMPACT_LIMITS, compactLake } from '../../../pipeline/compact/compact.ts';
import { compactionKey, readCompaction } from '../../../pipeline/compact/compaction.ts';
import type { PendingLoad, Warehouse } from '../../../pipeline/ports.ts';
import type { Commit, DataFile, RejectedObject } from '../../../pipeline/sink/commit.ts';
import { orderContract, orderData } from '../ingest/order-events.ts';
import { framed, kafkaRecord } from '../sink/order-records.ts';
import { healthyWorld, offsets, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Kind, partition and offsets of each fault. */
const places = ({ faults }: AuditReport) =>
  faults.map(({ kind, partition, first, next }) => `${kind} ${partition}:${first}-${next}`);

/** The second commit of partition 0: offsets 5 to 9, without 7. */
const second = (loads: readonly PendingLoad[]): PendingLoad => loads[2] as PendingLoad;

test('audit: of a healthy pipeline everything adds up, with files read and without', async () => {
  const { world } = await healthyWorld(folder);
  const report = await world.audit({ readFiles: true });
  expect(report.faults).toEqual([]);
  expect(report.orphans).toEqual([]);
  expect(report.partitions).toEqual([
    expect.objectContaining({
      partition: 0,
      low: 0,
      high: 10,
      next: 10,
      commits: 2,
      accepted: 9,
      committed: 8,
      loaded: 8,
    }),
    expect.objectContaining({ partition: 1, low: 0, high: 10, next: 10, commits: 2, accepted: 10, committed: 10 }),
  ]);
  expect(report.total).toEqual({
    commits: 4,
    accepted: 19,
    committed: 18,
    rejected: 1,
    loaded: 18,
    lost: 0,
    duplicated: 0,
    uncommitted: 0,
    unloaded: 0,
    verified: 19,
    passedOver: 1,
  });
});

test('audit: an event that nobody has sent yet has no faults', async () => {
  const report = await pipelineWorld(folder).audit();
  expect(report).toMatchObject({ partitions: [], faults: [], total: { accepted: 0, lost: 0 } });
});

test('audit: records and commits on their way are no faults, until the grace is over', async () => {
  const { world } = await healthyWorld(folder);
  world.produce(0, [10, 11]);
  const { commit } = await world.sink(0);
  world.produce(0, [12]);
  const report = await world.audit({ loadGraceMs: 60_000, now: world.clock.now + 1 });
  expect(report.faults).toEqual([]);
  expect(report.total).toMatchObject({
    accepted: 22,
    committed: 20,
    loaded: 18,
    uncommitted: 1,
    unloaded: commit.rows,
  });
  const later = await world.audit({ loadGraceMs: 60_000, now: world.clock.now + 120_000 });
  expect(places(later)).toEqual(['NOT_LOADED 0:10-12']);
  expect(later.total).toMatchObject({ lost: 2, unloaded: 0 });
});

test('audit: rows without an entry in the ledger are a load on its way, until the grace is over', async () => {
  const { world } = await healthyWorld(folder);
  world.produce(0, [10, 11]);
  await world.load(await world.sink(0));
  await world.sql('DELETE FROM headrace.load_ledger WHERE partition = 0 AND start_offset = 10');
  const report = await world.audit({ loadGraceMs: 60_000, now: world.clock.now + 1 });
  expect(report).toMatchObject({ faults: [], total: { committed: 20, loaded: 18, unloaded: 2 } });
  const later = await world.audit({ loadGraceMs: 60_000, now: world.clock.now + 120_000 });
  expect(places(later)).toEqual(['NOT_IN_LEDGER 0:10-12']);
});

/** A commit that a loader loads in the middle of an audit: already written when it began, or not. */
test.each([
  ['a commit is loaded after the ledger was read', true, 'after'],
  ['a commit is written and loaded before the ledger is read', false, 'before'],
  ['a commit is written and loaded after the ledger was read', false, 'after'],
])('audit: on a live pipeline it is no fault that %s', async (_, isWritten, moment) => {
  for (const window of [{}, { from: Date.UTC(2026, 10, 20, 12, 30) }]) {
    const { world } = await healthyWorld(folder);
    world.produce(0, [10, 11]);
    const written = isWritten ? await world.sink(0) : undefined;
    let calls = 0;
    const ledger: Warehouse['ledger'] = async (...call) => {
      const isFirst = calls++ === 0;
      if (isFirst && moment === 'before') await world.load(written ?? (await world.sink(0)));
      const entries = await world.warehouse.ledger(...call);
      if (isFirst && moment === 'after') await world.load(written ?? (await world.sink(0)));
      return entries;
    };
    const report = await audit(
      { ...world, warehouse: { ...world.warehouse, ledger } },
      { ...window, now: world.clock.now },
    );
    expect(calls).toBeGreaterThan(0);
    expect(report.faults).toEqual([]);
  }
});

type Break = (world: PipelineWorld, loads: readonly PendingLoad[]) => Promise<unknown>;
const remove =
  (key: (load: PendingLoad) => string | undefined): Break =>
  ({ lake }, loads) =>
    lake.delete(key(second(loads)) ?? '');
const dataKey = ({ commit }: PendingLoad): string => commit.files[0]?.key ?? '';
const ROW = '_partition = 0 AND _offset = 8';

test.each<[string, Break, string[], { lost: number; duplicated: number }]>([
  ['a file is deleted', remove(dataKey), ['MISSING_FILE 0:5-10'], { lost: 4, duplicated: 0 }],
  [
    'dead letters are deleted',
    ({ lake }, [first]) => lake.delete(first?.commit.rejected?.key ?? ''),
    ['MISSING_FILE 0:0-5'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a file is cut off',
    async ({ lake }, loads) =>
      lake.put(dataKey(second(loads)), (await lake.get(dataKey(second(loads)))).subarray(0, 9)),
    ['BAD_FILE 0:5-10'],
    { lost: 4, duplicated: 0 },
  ],
  [
    'a commit in the middle is deleted',
    ({ lake }, [first]) => lake.delete(first?.commitKey ?? ''),
    ['MISSING_COMMIT 0:0-5'],
    { lost: 5, duplicated: 0 },
  ],
  [
    'the last commit is deleted',
    remove(({ commitKey }) => commitKey),
    ['MISSING_COMMIT 0:5-10'],
    { lost: 5, duplicated: 0 },
  ],
  [
    'a commit is of a newer format',
    ({ lake }, loads) =>
      lake.put(second(loads).commitKey, Buffer.from(JSON.stringify({ ...second(loads).commit, format: 2 }))),
    // How far it goes only its own reader knows.
    ['BAD_COMMIT 0:5-6'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a commit counts too few',
    ({ lake }, loads) =>
      lake.put(second(loads).commitKey, Buffer.from(JSON.stringify({ ...second(loads).commit, gaps: [] }))),
    ['BAD_COMMIT 0:5-10'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a commit lacks a field',
    ({ lake }, loads) =>
      lake.put(second(loads).commitKey, Buffer.from(JSON.stringify({ ...second(loads).commit, gaps: undefined }))),
    ['BAD_COMMIT 0:5-6'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a commit says that it goes on for billions of offsets, and a row is deleted',
    async ({ lake, sql }, loads) => {
      const commit = { ...second(loads).commit, next: 1e10 };
      await lake.put(second(loads).commitKey, Buffer.from(JSON.stringify(commit)));
      await sql(`DELETE FROM order_created WHERE ${ROW}`);
    },
    ['TOPIC_REPLACED 0:0-10000000000', 'BAD_COMMIT 0:5-10000000000', 'BAD_LEDGER 0:5-10000000000'],
    { lost: 9_999_999_990, duplicated: 0 },
  ],
  [
    'something else is put below commits/',
    ({ lake }) => lake.put('commits/readme.txt', Buffer.from('hello')),
    ['FOREIGN_OBJECT undefined:undefined-undefined'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'a commit is copied to another spelling of its key',
    async ({ lake }, loads) => {
      const alias = second(loads).commitKey.replace('commits/0/', 'commits/00/');
      await lake.put(alias, await lake.get(second(loads).commitKey));
    },
    ['FOREIGN_OBJECT undefined:undefined-undefined'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'a key below commits/ says an offset that Kafka cannot have',
    ({ lake }) => lake.put('commits/0/0000000000000000000.json', Buffer.from('{}')),
    ['FOREIGN_OBJECT undefined:undefined-undefined'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'a ledger row is deleted',
    ({ sql }) => sql('DELETE FROM headrace.load_ledger WHERE partition = 0 AND start_offset = 5'),
    ['NOT_IN_LEDGER 0:5-10'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'a ledger row is changed',
    ({ sql }) => sql('UPDATE headrace.load_ledger SET rows = 3 WHERE partition = 0 AND start_offset = 5'),
    ['BAD_LEDGER 0:5-10'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'a commit was never loaded',
    async ({ sql }) => {
      await sql('DELETE FROM headrace.load_ledger WHERE partition = 0 AND start_offset = 5');
      await sql('DELETE FROM order_created WHERE _partition = 0 AND _offset >= 5');
    },
    ['NOT_LOADED 0:5-10'],
    { lost: 4, duplicated: 0 },
  ],
  [
    'a row is deleted',
    ({ sql }) => sql(`DELETE FROM order_created WHERE ${ROW}`),
    ['LOST_ROWS 0:8-9'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a row is duplicated',
    ({ sql }) => sql(`INSERT INTO order_created SELECT * FROM order_created WHERE ${ROW}`),
    ['DUPLICATED_ROWS 0:8-9'],
    { lost: 0, duplicated: 1 },
  ],
  [
    'a row takes the place of another',
    ({ sql }) => sql(`UPDATE order_created SET _offset = 9 WHERE ${ROW}`),
    ['LOST_ROWS 0:8-9', 'DUPLICATED_ROWS 0:9-10'],
    { lost: 1, duplicated: 1 },
  ],
  [
    'a row has another checksum',
    ({ sql }) => sql(`UPDATE order_created SET _checksum = _checksum + 1 WHERE ${ROW}`),
    ['ALTERED_ROWS 0:8-9'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'a row lies in a gap, and one past the end',
    ({ sql }) =>
      sql(`INSERT INTO order_created SELECT * REPLACE (CASE _offset WHEN 8 THEN 7 ELSE 99 END AS _offset)
           FROM order_created WHERE _partition = 0 AND _offset IN (8, 9)`),
    ['UNEXPECTED_ROWS 0:7-8', 'UNEXPECTED_ROWS 0:99-100'],
    { lost: 0, duplicated: 2 },
  ],
  [
    'Kafka has a record that the commit passes over',
    async ({ reader }) => {
      reader.records.get(0)?.splice(7, 0, kafkaRecord(7));
    },
    ['KAFKA_DIFFERS 0:7-8'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'Kafka has another value than the row',
    async ({ reader }) => {
      reader.records.get(0)?.splice(6, 1, kafkaRecord(6, { value: framed(orderData({ order_id: 'other' })) }));
    },
    ['KAFKA_DIFFERS 0:6-7'],
    { lost: 1, duplicated: 0 },
  ],
  [
    'the topic was deleted and made again',
    async ({ reader }) => {
      reader.records.set(0, [kafkaRecord(0), kafkaRecord(1)]);
    },
    ['TOPIC_REPLACED 0:0-10'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'the topic was made again and has grown longer than before',
    async ({ reader }) => {
      reader.records.set(
        0,
        offsets(0, 20).map((offset) => kafkaRecord(offset, { value: Buffer.from(`new ${offset}`) })),
      );
    },
    ['TOPIC_REPLACED 0:0-10'],
    { lost: 0, duplicated: 0 },
  ],
  [
    'retention was faster than the sink',
    async (world) => {
      world.produce(0, offsets(10, 15));
      world.reader.watermarks.set(0, { low: 13 });
    },
    ['RETENTION 0:10-13'],
    { lost: 3, duplicated: 0 },
  ],
])('audit: tells where when %s', async (_, breakWorld, expected, numbers) => {
  const { world, loads } = await healthyWorld(folder);
  await breakWorld(world, loads);
  const report = await world.audit();
  expect(places(report)).toEqual(expected);
  expect(report.total).toMatchObject(numbers);
});

const lettersKey = ([first]: readonly PendingLoad[]): string => first?.commit.rejected?.key ?? '';

test.each<[string, (loads: readonly PendingLoad[]) => string, number, string]>([
  ['a file', (loads) => dataKey(second(loads)), 4, 'BAD_FILE 0:5-10'],
  ['an object of dead letters', lettersKey, 1, 'BAD_FILE 0:0-5'],
])('audit: %s of which one bit has changed is found when files are read', async (_, keyOf, lost, place) => {
  const { world, loads } = await healthyWorld(folder);
  const key = keyOf(loads);
  const body = await world.lake.get(key);
  expect((await world.audit({ readFiles: true })).faults).toEqual([]);
  // In the middle lies a value: the structure around it stays what it was.
  await world.lake.put(key, body.fill((body[body.length >> 1] ?? 0) ^ 1, body.length >> 1, (body.length >> 1) + 1));
  expect((await world.audit()).faults).toEqual([]);
  const report = await world.audit({ readFiles: true });
  expect(places(report)).toEqual([place]);
  expect(report.total.lost).toBe(lost);
});

/** The second commit of partition 0 with other files. */
async function putCommit(world: PipelineWorld, loads: readonly PendingLoad[], changes: Partial<Commit>): Promise<void> {
  const { commitKey, commit } = second(loads);
  await world.lake.put(commitKey, Buffer.from(JSON.stringify({ ...commit, ...changes })));
}

test.each<[string, (loads: readonly PendingLoad[]) => readonly DataFile[], object, string]>([
  [
    'with rows of other offsets',
    (loads) => [{ ...(loads[3]?.commit.files[0] as DataFile), rows: 4 }],
    { lost: 4, duplicated: 0 },
    '7 rows of 4, 0 repeated, 7 of other offsets',
  ],
  [
    'that repeat rows',
    (loads) => [...second(loads).commit.files, ...second(loads).commit.files].map((file) => ({ ...file, rows: 2 })),
    { lost: 0, duplicated: 4 },
    '8 rows of 4, 4 repeated, 0 of other offsets',
  ],
])('audit: files %s are found when files are read', async (_, filesOf, numbers, message) => {
  const { world, loads } = await healthyWorld(folder);
  await putCommit(world, loads, { files: filesOf(loads) });
  const report = await world.audit({ readFiles: true });
  expect(places(report)).toEqual(['BAD_FILE 0:5-10']);
  expect(report.total).toMatchObject(numbers);
  expect(report.faults[0]?.message).toContain(message);
});

test.each([
  ['other letters', { checksum: 7 }, { lost: 1 }],
  ['fewer letters', { count: 3 }, { lost: 2 }],
])('audit: dead letters of a commit that counts %s are found when files are read', async (_, changes, numbers) => {
  const { world, loads } = await healthyWorld(folder);
  const [first] = loads as [PendingLoad];
  const rejected = { ...(first.commit.rejected as RejectedObject), ...changes };
  await world.lake.put(first.commitKey, Buffer.from(JSON.stringify({ ...first.commit, rejected })));
  const faults = (await world.audit({ readFiles: true })).faults.filter(({ kind }) => kind === 'BAD_FILE');
  expect(faults).toMatchObject([{ partition: 0, first: 0, next: 5, ...numbers }]);
});

test.each([
  ['rows have changed places', 'CASE _offset WHEN 8 THEN 9 ELSE 8 END AS _offset'],
  [
    'checksums have changed by as much in both directions',
    '(_checksum + CASE _offset WHEN 8 THEN 9 ELSE -9 END)::INTEGER AS _checksum',
  ],
])('audit: tells that %s when files are read', async (_, change) => {
  const { world } = await healthyWorld(folder);
  const two = 'FROM order_created WHERE _partition = 0 AND _offset IN (8, 9)';
  await world.sql(`CREATE TABLE changed AS SELECT * REPLACE (${change}) ${two}; DELETE ${two};
    INSERT INTO order_created SELECT * FROM changed; DROP TABLE changed`);
  const report = await world.audit({ readFiles: true });
  expect(places(report)).toEqual(['ALTERED_ROWS 0:8-10']);
  expect(report.total).toMatchObject({ lost: 2, duplicated: 0 });
});

test('audit: what retention has taken from Kafka is audited without it', async () => {
  const { world } = await healthyWorld(folder);
  world.reader.watermarks.set(0, { low: 6 });
  const report = await world.audit();
  expect(report.faults).toEqual([]);
  expect(report.total).toMatchObject({ accepted: 19, verified: 10 });
});

test.each([
  ['longer than the retention is a loss', 169, ['RETENTION 0:3-8'], { accepted: 10, lost: 5, passedOver: 0 }],
  ['within the retention is passed over', 167, [], { accepted: 5, lost: 0, passedOver: 5 }],
])('audit: a gap of unknown cause after a silence %s', async (_, hours, expected, total) => {
  const world = pipelineWorld(folder);
  world.produce(0, offsets(0, 3));
  await world.load(await world.sink(0));
  world.clock.now += hours * 3_600_000;
  world.produce(0, offsets(8, 10));
  await world.load(await world.sink(0));
  world.reader.watermarks.set(0, { low: 8 });
  const report = await world.audit();
  expect(places(report)).toEqual(expected);
  expect(report.total).toMatchObject(total);
});

test('audit: a gap of a billion offsets is no more work than a small one', async () => {
  const world = pipelineWorld(folder);
  world.produce(0, offsets(0, 2));
  world.produce(0, offsets(1e9, 1e9 + 4));
  await world.load(await world.sink(0));
  expect((await world.audit()).faults).toEqual([]);
  await world.sql(`UPDATE order_created SET _checksum = _checksum + 1 WHERE _offset = ${1e9 + 1}`);
  expect(places(await world.audit())).toEqual([`ALTERED_ROWS 0:${1e9 + 1}-${1e9 + 2}`]);
  await world.sql(`DELETE FROM order_created WHERE _offset = ${1e9 + 1}`);
  world.reader.records.get(0)?.splice(2, 0, kafkaRecord(7));
  expect(places(await world.audit())).toEqual(['KAFKA_DIFFERS 0:7-8', `LOST_ROWS 0:${1e9 + 1}-${1e9 + 2}`]);
});

const HOURS_MS = 3_600_000;

test.each([
  ['the last commit', [2], 5, 'MISSING_COMMIT 0:5-10'],
  ['every commit of a partition', [0, 2], 10, 'MISSING_COMMIT 0:0-5, MISSING_COMMIT 0:5-10'],
])('audit: of a window and without Kafka tells that %s is gone', async (_, gone, lost, expected) => {
  const { world, loads } = await healthyWorld(folder);
  for (const at of gone) await world.lake.delete(loads[at]?.commitKey ?? '');
  const ports = { ...world, reader: undefined };
  for (const from of [undefined, world.clock.now - HOURS_MS / 2]) {
    const report = await audit(ports, { from, now: world.clock.now });
    expect(places(report).join(', ')).toBe(expected);
    expect(report.total).toMatchObject({ lost, duplicated: 0 });
    expect(report.partitions.find(({ partition }) => partition === 0)).toMatchObject({ lost });
  }
});

test('audit: of a window tells that the commit right before its first one is gone', async () => {
  const world = pipelineWorld(folder);
  const loads: PendingLoad[] = [];
  for (let hour = 0; hour < 9; hour += 3) {
    world.produce(0, offsets(hour, hour + 3));
    loads.push(await world.sink(0));
    world.clock.now += 3 * HOURS_MS;
  }
  await world.load(...loads);
  const window = { from: world.clock.now - 4 * HOURS_MS };
  expect((await world.audit(window)).faults).toEqual([]);
  await world.lake.delete(loads[1]?.commitKey ?? '');
  expect(places(await world.audit(window))).toEqual(['MISSING_COMMIT 0:3-6']);
});

const COPY = 'INSERT INTO order_created SELECT * REPLACE';
const ROW_ONE = 'FROM order_created WHERE _partition = 0 AND _offset = 1';

test.each([
  ['of a partition without commits', `${COPY} (2 AS _partition) ${ROW_ONE}`, 'UNEXPECTED_ROWS 2:1-2'],
  ['of a partition that the topic does not have', `${COPY} (77 AS _partition) ${ROW_ONE}`, 'UNEXPECTED_ROWS 77:1-2'],
  ['with a negative offset', `${COPY} (-5 AS _offset) ${ROW_ONE}`, 'UNEXPECTED_ROWS 0:-5--4'],
  ['without an offset', `${COPY} (NULL AS _offset) ${ROW_ONE}`, 'UNEXPECTED_ROWS 0:undefined-undefined'],
  ['without a partition', `${COPY} (NULL AS _partition) ${ROW_ONE}`, 'UNEXPECTED_ROWS undefined:1-2'],
])('audit: tells that the table has a row %s', async (_, statement, expected) => {
  const { world } = await healthyWorld(folder);
  await world.sql(
    'ALTER TABLE order_created ALTER _offset DROP NOT NULL; ALTER TABLE order_created ALTER _partition DROP NOT NULL',
  );
  await world.sql(statement);
  const report = await world.audit();
  expect(places(report)).toEqual([expected]);
  expect(report.total).toMatchObject({ lost: 0, duplicated: 1 });
});

test('audit: of a window sees rows of a partition that has no commits', async () => {
  const { world } = await healthyWorld(folder);
  await world.sql(`${COPY} (2 AS _partition) ${ROW_ONE}`);
  expect(places(await world.audit({ from: world.clock.now - HOURS_MS / 2 }))).toEqual(['UNEXPECTED_ROWS 2:1-2']);
});

test('audit: a lake that cannot be reached is an error, and no finding', async () => {
  const { world, loads } = await healthyWorld(folder);
  const failing = (failingKey: string) => ({
    ...world.lake,
    get: (key: string) => (key === failingKey ? Promise.reject(new Error('SlowDown')) : world.lake.get(key)),
  });
  const { commitKey, commit } = loads[0] as PendingLoad;
  const ports = (key: string) => ({ ...world, lake: failing(key) });
  const options = { now: world.clock.now, readFiles: true };
  await expect(audit(ports(commitKey), options)).rejects.toThrow('SlowDown');
  await expect(audit(ports(commit.files[0]?.key ?? ''), options)).rejects.toThrow('SlowDown');
  await world.sql('DELETE FROM order_created WHERE _partition = 0 AND _offset = 1');
  await expect(audit(ports(commit.rejected?.key ?? ''), options)).rejects.toThrow('SlowDown');
});

test('audit: without a reader Kafka is left out', async () => {
  const { world } = await healthyWorld(folder);
  const report = await audit({ ...world, reader: undefined }, { now: world.clock.now });
  expect(report.faults).toEqual([]);
  expect(report.partitions[0]).toMatchObject({ low: null, high: null, accepted: 9, verified: 0 });
});

test('audit: of a window looks at the commits with records of that time, and finds no orphans', async () => {
  const { world, loads } = await healthyWorld(folder);
  await world.lake.delete(dataKey(loads[0] as PendingLoad));
  await world.sql('DELETE FROM order_created WHERE _partition = 0 AND _offset IN (1, 8)');
  await world.lake.put('data/0-0-4-0123456789abcdef.parquet', Buffer.from('orphan'));
  const noon = Date.UTC(2026, 10, 20, 12);
  const late = await world.audit({ from: noon + 1_800_000 });
  expect(places(late)).toEqual(['LOST_ROWS 0:8-9']);
  expect(late).toMatchObject({ orphans: [], total: { commits: 2, accepted: 11 } });
  const early = await world.audit({ to: noon + 1_800_000 });
  expect(places(early)).toEqual(['MISSING_FILE 0:0-5', 'LOST_ROWS 0:1-2']);
  expect(early.total).toMatchObject({ commits: 2, accepted: 8, uncommitted: 0 });
  expect(await world.audit({ from: noon + 90 * 60_000 })).toMatchObject({ faults: [], total: { commits: 0 } });
});

test('audit: of a window begins in the middle of a chain, and still sees its end', async () => {
  const world = pipelineWorld(folder);
  for (let hour = 0; hour < 9; hour += 3) {
    world.produce(0, offsets(hour, hour + 3));
    await world.load(await world.sink(0));
    world.clock.now += 3 * 3_600_000;
  }
  const report = await world.audit({ from: world.clock.now - 4 * 3_600_000 });
  expect(report).toMatchObject({ faults: [], total: { commits: 1, accepted: 3 }, partitions: [{ next: 9 }] });
  await world.sql('DELETE FROM order_created WHERE _offset IN (2, 7)');
  expect(places(await world.audit({ from: world.clock.now - 4 * 3_600_000 }))).toEqual(['LOST_ROWS 0:7-8']);
});

async function compact(world: PipelineWorld): Promise<void> {
  const limits = { ...COMPACT_LIMITS, settledAfterMs: 0, waitsUntilMs: 0 };
  const timeLeftMs = () => 1e9;
  const made = await compactLake(
    { contract: orderContract, lake: world.lake, now: () => world.clock.now, timeLeftMs },
    limits,
  );
  expect(made).toHaveLength(2);
}

test('audit: of a compacted lake everything adds up too', async () => {
  const { world } = await healthyWorld(folder);
  await compact(world);
  expect(await world.audit({ readFiles: true })).toMatchObject({ faults: [], orphans: [], total: { accepted: 19 } });
});

test('audit: tells when a compaction does not stand for its commits, cannot be read, or lacks a file', async () => {
  const { world } = await healthyWorld(folder);
  await compact(world);
  const key = compactionKey(0, 0);
  const compaction = await readCompaction(world.lake, key);
  await world.lake.put(key, Buffer.from(JSON.stringify({ ...compaction, rows: 7 })));
  await world.lake.put(compactionKey(0, 10), Buffer.from('no compaction'));
  const merged = (await readCompaction(world.lake, compactionKey(1, 0))).files[0]?.key ?? '';
  await world.lake.delete(merged);
  const report = await world.audit();
  expect(places(report)).toEqual([
    'BAD_COMPACTION undefined:undefined-undefined',
    'BAD_COMPACTION 0:0-10',
    'MISSING_FILE 1:0-10',
  ]);
  expect(report.total).toMatchObject({ lost: 0, duplicated: 0 });
});

test('removeOrphans: deletes what is old and can never be committed, and nothing else', async () => {
  const { world } = await healthyWorld(folder);
  const [old, passed, ahead] = [
    'data/0-5-9-00aa.parquet',
    'data/country=DE/1-3-4-00bb.parquet',
    'data/0-10-12-00cc.parquet',
  ];
  for (const key of [old, passed, ahead, 'rejected/1-0-2-00dd.jsonl', 'data/notes.txt']) {
    await world.lake.put(key, Buffer.from('orphan'));
  }
  world.clock.now += 3_600_000;
  await world.lake.put(passed, Buffer.from('young'));
  // A compactor died before its record: it may come back until its compaction is there.
  await world.lake.put('data/compacted-1-0-10-00ee.parquet', Buffer.from('orphan'));
  const { orphans, faults } = await world.audit();
  expect(faults).toEqual([]);
  expect(orphans).toHaveLength(6);
  const removed = await removeOrphans(world.lake, orphans, world.clock.now - 60_000);
  expect(removed.map(({ key }) => key).sort()).toEqual([old, 'rejected/1-0-2-00dd.jsonl']);
  expect((await world.audit()).orphans.map(({ key }) => key)).toEqual([
    ahead,
    'data/compacted-1-0-10-00ee.parquet',
    passed,
    'data/notes.txt',
  ]);
});
