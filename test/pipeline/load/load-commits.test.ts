import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import { PipelineError } from '../../../pipeline/errors.ts';
import { loadCommits, type NotifiedLoadPorts } from '../../../pipeline/load/load-commits.ts';
import type { LoadMessage, LoadOutcome } from '../../../pipeline/ports.ts';
import { commitKey } from '../../../pipeline/sink/commit-log.ts';
import { contentKey } from '../../../pipeline/sink/content-key.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';
import { BUCKET, commitRows, notification, OFFSET } from './lake-fixture.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-load-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface World extends NotifiedLoadPorts {
  readonly lake: MemoryObjectStore;
  /** What was sent again, with its delay. */
  readonly sent: Array<LoadMessage & { readonly delaySeconds: number }>;
}

function world(): World {
  const lake = memoryObjectStore();
  files++;
  const warehouse = duckdbWarehouse(join(folder, `${files}.duckdb`), lake);
  const sent: World['sent'] = [];
  const queue = {
    async postpone(message: LoadMessage, delaySeconds: number) {
      sent.push({ ...message, delaySeconds });
    },
  };
  const timeLeftMs = () => Number.POSITIVE_INFINITY;
  return { table: tableOf([OFFSET]), bucket: BUCKET, lake, warehouse, queue, timeLeftMs, sent };
}

const message = (id: string, ...keys: string[]): LoadMessage => ({ id, body: notification(...keys), postponed: 0 });
const report = (loaded: number, skipped: number, rows: number) => ({
  loaded,
  skipped,
  rows,
  postponed: 0,
  failures: [],
});

test('loadCommits: loads each commit once, out of order, twice in a message, in a batch and in the next batch', async () => {
  const ports = world();
  const starts = [20, 0, 10];
  const [late, early, middle] = await Promise.all(
    starts.map((start) => commitRows(ports.lake, [OFFSET], start, [{}, {}])),
  );
  const keys = [late, early, middle].map((load) => load?.commitKey ?? '');
  const first = [message('a', keys[0] ?? '', keys[0] ?? ''), message('b', keys[1] ?? ''), message('c', keys[0] ?? '')];
  expect(await loadCommits(first, ports)).toMatchObject(report(2, 0, 4));
  const second = [message('d', ...keys)];
  expect(await loadCommits(second, ports)).toMatchObject(report(1, 2, 2));
});

test('loadCommits: a poisoned commit fails its own message, and the others are loaded', async () => {
  const ports = world();
  const { lake } = ports;
  const good = await commitRows(lake, [OFFSET], 0, [{}, {}]);
  const alsoGood = await commitRows(lake, [OFFSET], 0, [{}], { partition: 1 });
  const third = await commitRows(lake, [OFFSET], 0, [{}], { partition: 2 });
  const missing = await commitRows(lake, [OFFSET], 10, [{}], { files: [{ key: 'data/x', rows: 1, bytes: 1 }] });
  const cut = await commitRows(lake, [OFFSET], 80, [{}, {}]);
  const cutFile = cut.commit.files[0]?.key ?? '';
  await lake.put(cutFile, (await lake.get(cutFile)).subarray(0, 40));
  const changed = await commitRows(lake, [OFFSET], 90, [{}, {}]);
  const changedFile = changed.commit.files[0]?.key ?? '';
  await lake.put(changedFile, (await lake.get(changedFile)).fill(1, 60, 61));
  const noParquet = Buffer.from('no Parquet');
  const wrongKey = contentKey('data/0-100-100', 'parquet', noParquet);
  await lake.put(wrongKey, noParquet);
  const wrong = await commitRows(lake, [OFFSET], 100, [{}], { files: [{ key: wrongKey, rows: 1, bytes: 10 }] });
  const miscounted = await commitRows(lake, [OFFSET], 20, [{}], { rows: 3 });
  const foreign = await commitRows(lake, [OFFSET], 30, [{}], { event: 'flight_departed' });
  const newer = await commitRows(lake, [OFFSET], 40, [{}], { format: 2 } as object);
  await lake.put(commitKey(0, 50), Buffer.from('not json'));
  await lake.put(commitKey(0, 60), lake.objects.get(good.commitKey) ?? new Uint8Array());
  const messages = [
    message('good', good.commitKey),
    message('missing', missing.commitKey),
    message('cut', cut.commitKey),
    message('changed', changed.commitKey),
    message('wrong', wrong.commitKey),
    message('miscounted', miscounted.commitKey),
    message('foreign', foreign.commitKey),
    message('newer', newer.commitKey),
    message('garbage', commitKey(0, 50)),
    message('misplaced', commitKey(0, 60)),
    message('absent', commitKey(0, 70)),
    message('other key', 'commits/readme.txt'),
    { id: 'no notification', body: 'hello', postponed: 0 },
    message('half good', third.commitKey, 'commits/readme.txt'),
    message('also good', alsoGood.commitKey),
  ];
  const done = await loadCommits(messages, ports);
  expect(done).toMatchObject({ loaded: 3, skipped: 0, rows: 4 });
  const failed = done.failures.map(({ id }) => id).sort();
  expect(failed).toEqual(
    messages
      .map(({ id }) => id)
      .filter((id) => id !== 'good' && id !== 'also good')
      .sort(),
  );
  const reasons = done.failures.map(({ error }) => error.message).join('\n');
  expect(reasons).toContain('it is of the event "flight_departed", allowed is "order_created"');
  expect(reasons).toContain('it has format 2, allowed is 1');
  expect(reasons).toContain('"commits/readme.txt"');
  for (const key of [cutFile, changedFile]) {
    expect(reasons).toContain(`Cannot read "${key}": it was changed, its content is not what its name says`);
  }
  expect(reasons).toContain(`Cannot load "${wrong.commitKey}" from "${wrongKey}"`);
  expect(reasons).toContain('it starts at offset 0 of partition 0, its name says another place');
});

/** A warehouse of which each load takes its seconds, and fails when it has the poisoned commit. */
function slowlyFailing(ports: World, poisoned: string, seconds: number) {
  const clock = { left: 0 };
  const held = new Set<string>();
  const load: NotifiedLoadPorts['warehouse']['load'] = async (_, loads) => {
    clock.left -= seconds;
    const keys = loads.map(({ commitKey: key }) => key);
    if (keys.includes(poisoned)) {
      throw new Error('its files hold 1 rows, it counts 2');
    }
    for (const key of keys) {
      held.add(key);
    }
    return { loaded: keys.length, skipped: 0, rows: keys.length, running: [] };
  };
  const slow = { ...ports, warehouse: { ...ports.warehouse, load }, timeLeftMs: () => clock.left * 1000 };
  return { slow, held, clock };
}

test.each([
  [3, 0],
  [17, 4],
  [25, 9],
  [40, 0],
  [59, 5],
])(
  'loadCommits: with attempts of %s s commit %s is found poisoned in time, and no other is given up',
  async (seconds, at) => {
    const ports = world();
    const starts = Array.from({ length: 10 }, (_, index) => index);
    const keys = await Promise.all(
      starts.map(async (start) => (await commitRows(ports.lake, [OFFSET], start, [{}])).commitKey),
    );
    const { slow, held, clock } = slowlyFailing(ports, keys[at] ?? '', seconds);
    const soon = keys.map((key) => message(key, key));
    const later: LoadMessage[] = [];
    const receives = new Map<string, number>();
    while (soon.length + later.length > 0) {
      clock.left = 120;
      const received = (soon.length > 0 ? soon : later).splice(0, 10);
      const { failures } = await loadCommits(received, slow);
      expect(clock.left).toBeGreaterThan(0);
      const failed = new Set(failures.map(({ id }) => id));
      for (const id of failed) {
        receives.set(id, (receives.get(id) ?? 0) + 1);
      }
      // What was sent again comes within seconds, what failed after twelve minutes, and five times.
      soon.push(...ports.sent.splice(0));
      later.push(...received.filter(({ id }) => failed.has(id) && (receives.get(id) ?? 0) < 5));
    }
    const good = keys.filter((_, index) => index !== at);
    expect([...held].sort()).toEqual(good.sort());
    expect(receives.get(keys[at] ?? '')).toBe(5);
  },
);

test('loadCommits: what was not tried for lack of time is sent again, and has not failed', async () => {
  const ports = world();
  const keys = await Promise.all(
    [0, 1, 2, 3].map(async (start) => (await commitRows(ports.lake, [OFFSET], start, [{}])).commitKey),
  );
  const { slow, clock } = slowlyFailing(ports, keys[0] ?? '', 25);
  clock.left = 120;
  const messages = keys.map((key) => message(key, key));
  const { failures, postponed, finished } = await loadCommits(messages, slow);
  expect({ failed: failures.map(({ id }) => id), postponed, finished }).toEqual({
    failed: [keys[0]],
    postponed: 3,
    finished: [],
  });
  expect(ports.sent.map(({ id }) => id)).toEqual(keys.slice(1));
});

test('loadCommits: the test event of S3 is done with', async () => {
  const body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET });
  expect(await loadCommits([{ id: 'a', body, postponed: 0 }], world())).toMatchObject(report(0, 0, 0));
});

test('loadCommits: when the warehouse is unavailable all messages fail after one try', async () => {
  const ports = world();
  const keys = [0, 1].map(async (start) => (await commitRows(ports.lake, [OFFSET], start, [{}])).commitKey);
  let tries = 0;
  const load = async (): Promise<never> => {
    tries++;
    throw new PipelineError('UNAVAILABLE', 'another process holds it', { retryable: true });
  };
  const messages = [message('a', (await keys[0]) ?? ''), message('b', (await keys[1]) ?? '')];
  const done = await loadCommits(messages, { ...ports, warehouse: { ...ports.warehouse, load } });
  expect(done.failures.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(tries).toBe(1);
});

test('loadCommits: a message that comes back after its rows were committed adds nothing', async () => {
  const ports = world();
  const { commitKey: key } = await commitRows(ports.lake, [OFFSET], 0, [{}]);
  // The process dies after the transaction, before SQS hears of it.
  const dying = {
    ...ports.warehouse,
    load: async (...args: Parameters<NotifiedLoadPorts['warehouse']['load']>): Promise<never> => {
      await ports.warehouse.load(...args);
      throw new Error('killed');
    },
  };
  expect((await loadCommits([message('a', key)], { ...ports, warehouse: dying })).failures).toHaveLength(1);
  expect(await loadCommits([message('a', key)], ports)).toMatchObject(report(0, 1, 0));
});

/** A warehouse of statements that run until they are told to end. */
function slowWarehouse(ports: World, running: ReadonlySet<string>): World {
  const load = async (): Promise<LoadOutcome> => ({ loaded: 0, skipped: 0, rows: 0, running: [...running] });
  return { ...ports, warehouse: { ...ports.warehouse, load } };
}

test('loadCommits: a message whose statement still runs is sent again, later each time, and is done with', async () => {
  const ports = world();
  const { commitKey: slow } = await commitRows(ports.lake, [OFFSET], 0, [{}]);
  const { commitKey: quick } = await commitRows(ports.lake, [OFFSET], 1, [{}]);
  const slowly = slowWarehouse(ports, new Set([slow]));
  const messages = [
    message('slow', slow),
    { ...message('slower', slow, quick), postponed: 9 },
    message('quick', quick),
  ];
  expect(await loadCommits(messages, slowly)).toMatchObject({
    postponed: 2,
    failures: [],
    finished: [{ commitKey: quick }],
  });
  expect(ports.sent).toEqual([
    { ...messages[0], delaySeconds: 15 },
    { ...messages[1], delaySeconds: 300 },
  ]);
});

test('loadCommits: a message that cannot be sent again, or was for a day, fails and comes back by itself', async () => {
  const ports = world();
  const { commitKey: slow } = await commitRows(ports.lake, [OFFSET], 0, [{}]);
  const slowly = slowWarehouse(ports, new Set([slow]));
  const postpone = async () => {
    throw new Error('SQS is down');
  };
  const down = await loadCommits([message('a', slow)], { ...slowly, queue: { postpone } });
  expect(down.failures.map(({ error }) => error.message)).toEqual(['SQS is down']);
  const old = await loadCommits([{ ...message('a', slow), postponed: 290 }], slowly);
  expect(old.failures.map(({ error }) => error.message)).toEqual([
    `Cannot load "${slow}": its statement has run for a day, end it in the warehouse`,
  ]);
});
