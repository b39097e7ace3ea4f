import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type CompactLimits, type CompactPorts, compactLake } from '../../../pipeline/compact/compact.ts';
import { lakeParts } from '../../../pipeline/compact/lake-files.ts';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { commitLog } from '../../../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { evolvedOrder, SECOND_VERSION_ID } from '../sink/evolved-order.ts';
import { commitsOf } from '../sink/lake-contents.ts';
import { framed, kafkaRecord } from '../sink/order-records.ts';

const DAY_MS = 24 * 3_600_000;
const LIMITS: CompactLimits = {
  fileBytes: 1_000_000,
  rowsMax: 1000,
  objectsMax: 1000,
  settledAfterMs: DAY_MS,
  waitsUntilMs: 7 * DAY_MS,
  reserveMs: 1000,
};

interface World extends CompactPorts {
  readonly lake: MemoryObjectStore;
  readonly clock: { now: number };
  /** Commits the offsets as one batch each, at the clock's time. */
  commit(...batches: number[][]): Promise<void>;
  commitTo(partition: number, ...batches: number[][]): Promise<void>;
}

function world(contract: CompiledContract = orderContract): World {
  const clock = { now: 100 * DAY_MS };
  const lake = memoryObjectStore(() => clock.now);
  const sink = { contract, lake, log: commitLog(lake), rows: rowEncoder(contract, [ORDER_VERSION_ID]) };
  return {
    contract,
    lake,
    clock,
    now: () => clock.now,
    timeLeftMs: () => 60_000,
    commit(...batches) {
      return this.commitTo(0, ...batches);
    },
    async commitTo(partition, ...batches) {
      for (const offsets of batches) {
        const channel = (offset: number) => (offset % 3 === 0 ? 'WEB' : 'APP');
        const value = (offset: number) => framed(orderData({ order_id: `o-${offset}`, channel: channel(offset) }));
        await sinkPartition(
          offsets.map((offset) => kafkaRecord(offset, { partition, value: value(offset) })),
          sink,
        );
      }
    },
  };
}

/** The offsets of all rows that a reader of the lake sees, with the file each is in. */
async function rowsOf({ lake }: World): Promise<Array<{ offset: number; orderId: unknown; key: string }>> {
  const rows: Array<{ offset: number; orderId: unknown; key: string }> = [];
  for await (const { files } of lakeParts(lake, 0)) {
    for (const { key } of files) {
      const file = Uint8Array.from(lake.objects.get(key) ?? []).buffer;
      for (const row of await parquetReadObjects({ file, compressors })) {
        rows.push({ offset: Number(row['_offset']), orderId: row['order_id'], key });
      }
    }
  }
  return rows.sort((a, b) => a.offset - b.offset);
}

test('compactLake: compacted files have the Bloom filter of the key', async () => {
  const ports = world();
  await ports.commit([0, 1], [2, 3, 4]);
  ports.clock.now += 7 * DAY_MS;
  const [compaction] = await compactLake(ports, LIMITS);
  const [file] = compaction?.files ?? [];
  const metadata = parquetMetadata(Uint8Array.from(ports.lake.objects.get(file?.key ?? '') ?? []).buffer);
  const chunks = metadata.row_groups.flatMap(({ columns }) => columns.flatMap(({ meta_data }) => meta_data ?? []));
  const filtered = chunks.filter(({ bloom_filter_offset }) => bloom_filter_offset !== undefined);
  expect(filtered.map(({ path_in_schema }) => path_in_schema)).toEqual([['order_id']]);
});

test('compactLake: files of settled commits become one, and readers see each row once', async () => {
  const ports = world();
  await ports.commit([0, 1], [2, 3, 4], [7]);
  const before = new Map(ports.lake.objects);
  ports.clock.now += 7 * DAY_MS;
  await ports.commit([8, 9]);
  const [compaction, ...more] = await compactLake(ports, LIMITS);
  expect(more).toEqual([]);
  expect(compaction).toMatchObject({ partition: 0, start: 0, next: 8, commits: 3, rows: 6 });
  expect(compaction?.files).toMatchObject([
    { key: expect.stringMatching(/^data\/compacted-0-0-8-[0-9a-f]{16}\./), rows: 6 },
  ]);
  const rows = await rowsOf(ports);
  expect(rows.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 7, 8, 9]);
  expect(rows.map(({ orderId }) => orderId)).toEqual(rows.map(({ offset }) => `o-${offset}`));
  expect(new Set(rows.map(({ key }) => key)).size).toBe(2);
  for (const [key, body] of before) {
    expect(ports.lake.objects.get(key)).toBe(body);
  }
});

test('compactLake: goes on where it ended, waits for a file’s worth or for age, and repeats nothing', async () => {
  const ports = world();
  await ports.commit([0], [1]);
  expect(await compactLake(ports, LIMITS)).toEqual([]);
  ports.clock.now += 2 * DAY_MS;
  expect(await compactLake(ports, LIMITS)).toEqual([]);
  ports.clock.now += 5 * DAY_MS;
  expect(await compactLake(ports, LIMITS)).toMatchObject([{ start: 0, next: 2 }]);
  const objects = ports.lake.objects.size;
  expect(await compactLake(ports, LIMITS)).toEqual([]);
  expect(ports.lake.objects.size).toBe(objects);
  await ports.commit([2], [3], [4], [5]);
  ports.clock.now += 2 * DAY_MS;
  const bytes = [...ports.lake.objects].find(([key]) => key.startsWith('data/0-5-5-'))?.[1].length ?? 0;
  const made = await compactLake(ports, { ...LIMITS, fileBytes: 2 * bytes - 50 });
  expect(made.map(({ start, next }) => [start, next])).toEqual([
    [2, 4],
    [4, 6],
  ]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('compactLake: a run ends with so many rows', async () => {
  const ports = world();
  await ports.commit([0, 1], [2], [3, 4], [5]);
  ports.clock.now += 7 * DAY_MS;
  const made = await compactLake(ports, { ...LIMITS, rowsMax: 3 });
  expect(made.map(({ start, next, rows }) => [start, next, rows])).toEqual([
    [0, 3, 3],
    [3, 6, 3],
  ]);
});

test('compactLake: a run ends with so many commits and files, and few commits beyond it are read before its end', async () => {
  const ports = world();
  await ports.commit(...Array.from({ length: 40 }, (_, offset) => [offset]));
  ports.clock.now += 2 * DAY_MS;
  const reads: string[] = [];
  const get = (key: string) => {
    reads.push(key);
    return ports.lake.get(key);
  };
  let turns = 0;
  // Time ends after the first run.
  const timeLeftMs = () => (++turns > 2 ? 0 : 60_000);
  const made = await compactLake({ ...ports, lake: { ...ports.lake, get }, timeLeftMs }, { ...LIMITS, objectsMax: 20 });
  expect(made).toMatchObject([{ start: 0, next: 10, commits: 10, rows: 10 }]);
  expect(reads.filter((key) => key.startsWith('commits/')).length).toBeLessThan(40);
  const rest = await compactLake(ports, { ...LIMITS, objectsMax: 20 });
  expect(rest.map(({ start, next }) => [start, next])).toEqual([
    [10, 20],
    [20, 30],
    [30, 40],
  ]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, offset) => offset));
});

test('compactLake: a partition that cannot be compacted does not hold up the others', async () => {
  const ports = world();
  for (const partition of [0, 1, 2]) {
    await ports.commitTo(partition, [0], [1]);
  }
  const bad = [...ports.lake.objects.keys()].find((key) => key.startsWith('data/1-'));
  ports.lake.objects.delete(bad ?? '');
  ports.clock.now += 7 * DAY_MS;
  await expect(compactLake(ports, LIMITS)).rejects.toThrow(bad);
  const compacted = [...ports.lake.objects.keys()].filter((key) => key.startsWith('compactions/'));
  expect(compacted.sort()).toEqual([expect.stringContaining('/0/'), expect.stringContaining('/2/')]);
});

test('compactLake: keeps the folders of a partitioned lake, and files that are large enough', async () => {
  const ports = world({ ...orderContract, lake: { partitionBy: ['channel'], openPartitionsMax: 5 } });
  await ports.commit([0, 1], [3, 4], [6]);
  ports.clock.now += 7 * DAY_MS;
  const [compaction] = await compactLake(ports, LIMITS);
  expect(compaction?.files.map(({ key, rows }) => [key.replace(/compacted.*/, ''), rows])).toEqual([
    ['data/channel=WEB/', 3],
    ['data/channel=APP/', 2],
  ]);
  await ports.commit([9], [10]);
  ports.clock.now += 7 * DAY_MS;
  const [second] = await compactLake(ports, LIMITS);
  expect(second?.files.map(({ key }) => key)).toEqual([
    expect.stringMatching(/^data\/channel=WEB\/0-9-9-/),
    expect.stringMatching(/^data\/channel=APP\/0-10-10-/),
  ]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual([0, 1, 3, 4, 6, 9, 10]);
});

test('compactLake: commits of different schema versions stay apart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headrace-compact-'));
  const evolved = await evolvedOrder(folder);
  await rm(folder, { recursive: true });
  const ports = world();
  await ports.commit([0], [1]);
  const rows = rowEncoder(evolved, [ORDER_VERSION_ID, SECOND_VERSION_ID]);
  const newer = { contract: evolved, lake: ports.lake, log: commitLog(ports.lake), rows };
  await sinkPartition([kafkaRecord(2)], newer);
  await sinkPartition([kafkaRecord(3)], newer);
  ports.clock.now += 7 * DAY_MS;
  const made = await compactLake({ ...ports, contract: evolved }, LIMITS);
  expect(made.map(({ start, next, schemaVersion }) => [start, next, schemaVersion])).toEqual([
    [0, 2, 1],
    [2, 4, 2],
  ]);
});

test('compactLake: a record says the sum of its commits’ checksums', async () => {
  const ports = world();
  await ports.commit([0, 1], [2]);
  ports.clock.now += 7 * DAY_MS;
  const [compaction] = await compactLake(ports, LIMITS);
  const commits = commitsOf(ports.lake.objects);
  expect(commits.every(({ checksum }) => checksum !== 0)).toBe(true);
  expect(compaction?.checksum).toBe(commits.reduce((sum, { checksum }) => sum + checksum, 0));
});

test('compactLake: how long a run waits is counted from its own first commit', async () => {
  const ports = world();
  await ports.commit([0], [1]);
  ports.clock.now += 6 * DAY_MS;
  await ports.commit([2], [3]);
  ports.clock.now += 2 * DAY_MS;
  const limits = { ...LIMITS, rowsMax: 2 };
  expect(await compactLake(ports, { ...limits, rowsMax: 3 })).toMatchObject([{ start: 0, next: 3 }]);
  expect(await compactLake(ports, limits)).toEqual([]);
  ports.clock.now += 5 * DAY_MS;
  expect(await compactLake(ports, limits)).toMatchObject([{ start: 3, next: 4 }]);
});

test('compactLake: who loses a race for a record goes no further, and leaves the rest to the winner', async () => {
  const ports = world();
  await ports.commit([0], [1], [2], [3]);
  ports.clock.now += 7 * DAY_MS;
  const limits = { ...LIMITS, rowsMax: 2 };
  let tries = 0;
  const putIfAbsent = async (): Promise<'exists'> => {
    tries += 1;
    return 'exists';
  };
  expect(await compactLake({ ...ports, lake: { ...ports.lake, putIfAbsent } }, limits)).toEqual([]);
  expect(tries).toBe(1);
});

test('compactLake: a file that holds other rows than its commit counts stops it', async () => {
  const ports = world();
  await ports.commit([0, 1], [2]);
  const [key = '', body] = [...ports.lake.objects].find(([name]) => name.startsWith('commits/')) ?? [];
  const text = Buffer.from(body ?? []).toString();
  ports.lake.objects.set(key, Buffer.from(text.replaceAll('"rows":2', '"rows":3')));
  ports.clock.now += 7 * DAY_MS;
  await expect(compactLake(ports, LIMITS)).rejects.toThrow('it holds 2 rows, its commit counts 3');
  expect([...ports.lake.objects.keys()].some((name) => name.startsWith('compactions/'))).toBe(false);
});

test('compactLake: two compactors at once add each compaction once', async () => {
  const ports = world();
  await ports.commit([0], [1], [2], [3]);
  ports.clock.now += 7 * DAY_MS;
  const made = await Promise.all([compactLake(ports, LIMITS), compactLake(ports, LIMITS)]);
  expect(made.flat()).toMatchObject([{ start: 0, next: 4, rows: 4 }]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
});

test('compactLake: a source file that is corrupt, missing or of other rows stops it before the record', async () => {
  for (const spoil of [
    (body: Uint8Array) => body.subarray(0, body.length - 9),
    (body: Uint8Array) => body.map((byte, index) => (index === 60 ? byte ^ 1 : byte)),
    () => undefined,
  ]) {
    const ports = world();
    await ports.commit([0, 1], [2]);
    ports.clock.now += 7 * DAY_MS;
    const [key = '', body = new Uint8Array()] =
      [...ports.lake.objects].find(([name]) => name.startsWith('data/')) ?? [];
    const spoiled = spoil(body);
    if (spoiled) {
      ports.lake.objects.set(key, spoiled);
    } else {
      ports.lake.objects.delete(key);
    }
    await expect(compactLake(ports, LIMITS)).rejects.toThrow(/Cannot read/);
    expect([...ports.lake.objects.keys()].some((name) => name.startsWith('compactions/'))).toBe(false);
  }
});

test('compactLake: without time it begins nothing', async () => {
  const ports = world();
  await ports.commit([0], [1]);
  ports.clock.now += 7 * DAY_MS;
  expect(await compactLake({ ...ports, timeLeftMs: () => 0 }, LIMITS)).toEqual([]);
});

test('compactLake: a commit that is missing, or settled before the one in front of it, is passed over by no compaction', async () => {
  const ports = world();
  await ports.commit([0], [1], [2], [3]);
  const commits = [...ports.lake.objects.keys()].filter((key) => key.startsWith('commits/'));
  const missing = commits.find((key) => key.endsWith('98.json')) ?? '';
  const body = ports.lake.objects.get(missing) ?? new Uint8Array();
  ports.lake.objects.delete(missing);
  ports.clock.now += 7 * DAY_MS;
  await expect(compactLake(ports, LIMITS)).rejects.toThrow(
    /no commit covers offset 1, and "commits\/0\/.*" starts at 2/,
  );
  // Brought back as a restored lake is: with the time of the restoration.
  await ports.lake.put(missing, body);
  expect(await compactLake(ports, { ...LIMITS, waitsUntilMs: 0 })).toMatchObject([{ start: 0, next: 1 }]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  ports.clock.now += 7 * DAY_MS;
  expect(await compactLake(ports, LIMITS)).toMatchObject([{ start: 1, next: 4 }]);
  expect((await rowsOf(ports)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
});

test('lakeParts: a compaction that comes while it reads does not show rows a second time', async () => {
  const ports = world();
  await ports.commit([0], [1], [2]);
  ports.clock.now += 7 * DAY_MS;
  const parts: number[][] = [];
  for await (const { start, next } of lakeParts(ports.lake, 0)) {
    parts.push([start, next]);
    await compactLake(ports, LIMITS);
  }
  expect(parts).toEqual([
    [2, 3],
    [1, 2],
    [0, 1],
  ]);
});
