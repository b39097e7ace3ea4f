import type { KafkaRecord } from '../../../pipeline/ports.ts';
import type { Commit } from '../../../pipeline/sink/commit.ts';
import { commitLog } from '../../../pipeline/sink/commit-log.ts';
import { type DrainLimits, type DrainPorts, drainTopic } from '../../../pipeline/sink/drain.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { ORDER_VERSION_ID, orderContract } from '../ingest/order-events.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { type MemoryTopic, memoryTopic } from '../ports/memory-topic.ts';
import { commitsOf, rowsOf } from './lake-contents.ts';
import { headers, INGESTED_AT, kafkaRecord } from './order-records.ts';

const partitionOf = (partition: number, ...offsets: number[]): KafkaRecord[] =>
  offsets.map((offset) => kafkaRecord(offset, { partition }));
const LIMITS: DrainLimits = { inputBytesMax: 1e9, reserveMs: 1000 };
/** As a window counts them: a record's key, value and headers, and 100 bytes. */
const RECORD_BYTES = [kafkaRecord(0).key, kafkaRecord(0).value, ...kafkaRecord(0).headers.flat()].reduce(
  (sum, bytes) => sum + (bytes?.length ?? 0),
  100,
);

interface World extends DrainPorts {
  readonly lake: MemoryObjectStore;
  readonly made: Commit[];
}

function world(reader: MemoryTopic, changes: Partial<DrainPorts> = {}, lake = memoryObjectStore()): World {
  const made: Commit[] = [];
  return {
    contract: orderContract,
    log: commitLog(lake),
    reader,
    encoders: [rowEncoder(orderContract, [ORDER_VERSION_ID]), rowEncoder(orderContract, [ORDER_VERSION_ID])],
    timeLeftMs: () => 60_000,
    now: () => 0,
    committed: (commit) => void made.push(commit),
    ...changes,
    lake,
    made,
  };
}

test('drainTopic: commits every partition up to its high watermark, and an idle topic writes nothing', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2, 3, 4, 5, 6), [], partitionOf(2, 0)]);
  const ports = world(topic);
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made.map(({ partition, start, next, rows }) => [partition, start, next, rows]).sort()).toEqual([
    [0, 0, 7, 7],
    [2, 0, 1, 1],
  ]);
  const before = [...ports.lake.objects.keys()];
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect([...ports.lake.objects.keys()]).toEqual(before);
  topic.records.get(1)?.push(...partitionOf(1, 0, 1));
  await drainTopic(ports, LIMITS);
  expect(commitsOf(ports.lake.objects, 1)).toMatchObject([{ start: 0, next: 2, rows: 2 }]);
});

test('drainTopic: takes all partitions with few encoders, the one with most to do first', async () => {
  const sizes = [1, 4, 2, 5, 3];
  const topic = memoryTopic(sizes.map((size, partition) => partitionOf(partition, ...Array(size).keys())));
  const ports = world(topic, { encoders: [rowEncoder(orderContract, [ORDER_VERSION_ID])] });
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made.map(({ rows }) => rows)).toEqual([5, 4, 3, 2, 1]);
});

test('drainTopic: reads the heads of all partitions at once', async () => {
  let waiting = 0;
  let most = 0;
  const lake = memoryObjectStore();
  const list: typeof lake.list = async (options) => {
    most = Math.max(most, ++waiting);
    await new Promise((resolve) => setImmediate(resolve));
    waiting -= 1;
    return lake.list(options);
  };
  await drainTopic(world(memoryTopic([[], [], [], []]), { log: commitLog({ ...lake, list }) }, lake), LIMITS);
  expect(most).toBe(4);
});

test('drainTopic: tells of each commit when its first record was taken up', async () => {
  let now = 0;
  const told: Array<[number, number]> = [];
  const ports = world(memoryTopic([partitionOf(0, 0, 1, 2, 3, 4)]), {
    now: () => ++now,
    committed: ({ start }, startedAt) => void told.push([start, startedAt]),
  });
  await drainTopic(ports, { ...LIMITS, inputBytesMax: 2 * RECORD_BYTES });
  expect(told).toEqual([
    [0, 1],
    [2, 2],
    [4, 3],
  ]);
});

test('drainTopic: asks for nothing beyond the high watermark that it saw first', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  const ranges: unknown[] = [];
  const read: typeof topic.read = (name, range) => {
    ranges.push(range);
    return topic.read(name, range);
  };
  await drainTopic(world(topic, { reader: { ...topic, read } }), LIMITS);
  expect(ranges).toEqual([{ partition: 0, first: 0, next: 3 }]);
});

test('drainTopic: a commit ends with the record that reaches the limit', async () => {
  const ports = world(memoryTopic([partitionOf(0, 0, 1, 2, 3, 4, 5, 6)], 5));
  await drainTopic(ports, { ...LIMITS, inputBytesMax: 3 * RECORD_BYTES });
  expect(ports.made.map(({ start, next }) => [start, next])).toEqual([
    [0, 3],
    [3, 6],
    [6, 7],
  ]);
});

test('drainTopic: headers count, and so does a record of nothing', async () => {
  const attributes = Array.from({ length: 6 }, (_, offset) =>
    kafkaRecord(offset, { key: null, value: null, headers: headers({ ce_customattributes: 'x'.repeat(981) }) }),
  );
  const tombstones = Array.from({ length: 40 }, (_, offset) =>
    kafkaRecord(offset, { partition: 1, key: null, value: null, headers: [] }),
  );
  const ports = world(memoryTopic([attributes, tombstones]));
  await drainTopic(ports, { ...LIMITS, inputBytesMax: 2_200 });
  expect(commitsOf(ports.lake.objects, 0).map(({ start, next }) => next - start)).toEqual([2, 2, 2]);
  expect(commitsOf(ports.lake.objects, 1).map(({ start, next }) => next - start)).toEqual([22, 18]);
});

test('drainTopic: a commit ends with 16 MB of dead letters, which who lists them reads at once', async () => {
  const corrupt = Array.from({ length: 30 }, (_, offset) => kafkaRecord(offset, { value: Buffer.alloc(1_000_000) }));
  const ports = world(memoryTopic([corrupt]));
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made.map(({ rows, rejected }) => [rows, rejected?.count])).toEqual([
    [0, 12],
    [0, 12],
    [0, 6],
  ]);
});

test('drainTopic: a commit ends with 10,000 gaps, as where each transaction has one record', async () => {
  const offsets = Array.from({ length: 10_100 }, (_, index) => 2 * index);
  const records = offsets.map((offset) => kafkaRecord(offset, { value: null, headers: [] }));
  const ports = world(memoryTopic([records], 1000));
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made.map(({ gaps }) => gaps.length)).toEqual([10_000, 99]);
});

test('drainTopic: offsets below the low watermark are a gap of retention, others are of unknown cause', async () => {
  const topic = memoryTopic([partitionOf(0, 7, 9)]);
  topic.watermarks.set(0, { low: 5, high: 10 });
  const ports = world(topic);
  await drainTopic(ports, LIMITS);
  expect(ports.made[0]?.gaps).toEqual([
    { first: 0, next: 5, cause: 'retention' },
    { first: 5, next: 7, cause: 'unknown' },
    { first: 8, next: 9, cause: 'unknown' },
  ]);
});

test('drainTopic: a topic that ends with a marker is drained, and the next run has nothing to do', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  topic.watermarks.set(0, { high: 4 });
  const ports = world(topic);
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made).toMatchObject([
    { start: 0, last: 2, next: 4, rows: 3, gaps: [{ first: 3, next: 4, cause: 'unknown' }] },
  ]);
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made).toHaveLength(1);
});

test('drainTopic: offsets at the end that were aborted, or taken by retention, are a commit of gaps alone', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  const ports = world(topic, { now: () => INGESTED_AT + 5 });
  await drainTopic(ports, LIMITS);
  topic.watermarks.set(0, { high: 9 });
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  topic.records.set(0, []);
  topic.watermarks.set(0, { low: 50, high: 50 });
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  const nothing = { first: 2, last: 2, rows: 0, files: [], rejected: null, eventTime: null };
  const timestamps = { min: INGESTED_AT + 5, max: INGESTED_AT + 5 };
  expect(ports.made.slice(1)).toMatchObject([
    { start: 3, next: 9, ...nothing, timestamps, gaps: [{ first: 3, next: 9, cause: 'unknown' }] },
    { start: 9, next: 50, ...nothing, timestamps, gaps: [{ first: 9, next: 50, cause: 'retention' }] },
  ]);
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made).toHaveLength(3);
});

test('drainTopic: what retention takes at the end while it reads is no marker', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  topic.watermarks.set(0, { high: 9 });
  const read: typeof topic.read = async function* (...range) {
    yield* topic.read(...range);
    topic.watermarks.set(0, { low: 7, high: 12 });
  };
  const ports = world(topic, { reader: { ...topic, read } });
  await drainTopic(ports, LIMITS);
  expect(ports.made[0]).toMatchObject({
    next: 9,
    gaps: [
      { first: 3, next: 7, cause: 'retention' },
      { first: 7, next: 9, cause: 'unknown' },
    ],
  });
});

test('drainTopic: a chain may begin with a commit of gaps alone', async () => {
  const topic = memoryTopic([[]]);
  topic.watermarks.set(0, { low: 7, high: 7 });
  const ports = world(topic);
  await drainTopic(ports, LIMITS);
  expect(ports.made).toMatchObject([{ start: 0, next: 7, first: -1, last: -1, rows: 0 }]);
  topic.records.set(0, partitionOf(0, 7, 8));
  topic.watermarks.delete(0);
  expect(await drainTopic(ports, LIMITS)).toBe(0);
  expect(ports.made[1]).toMatchObject({ start: 7, next: 9, rows: 2 });
});

test('drainTopic: refuses a topic that was made again also where aborted records follow the last committed one', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  topic.watermarks.set(0, { high: 9 });
  const ports = world(topic);
  await drainTopic(ports, LIMITS);
  topic.records.set(
    0,
    [2, 12].map((offset) => kafkaRecord(offset, { timestamp: INGESTED_AT + 1 })),
  );
  topic.watermarks.set(0, { low: 0, high: 13 });
  await expect(drainTopic(ports, LIMITS)).rejects.toThrow('its record at offset 2 is not the one that was committed');
  expect(ports.made).toHaveLength(1);
});

test('drainTopic: what was not read to its end is no gap', async () => {
  let calls = 0;
  const topic = memoryTopic([partitionOf(0, 0, 1, 2, 3)], 2);
  topic.watermarks.set(0, { high: 9 });
  const ports = world(topic, { timeLeftMs: () => (++calls > 1 ? 999 : 60_000) });
  expect(await drainTopic(ports, LIMITS)).toBe(7);
  expect(ports.made).toMatchObject([{ start: 0, next: 2, gaps: [] }]);
});

test('drainTopic: what retention deletes while it reads is a gap of retention too', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2, 3, 7, 9)]);
  const read: typeof topic.read = async function* (...range) {
    for await (const batch of topic.read(...range)) {
      // Offsets 3 to 5 are gone after the first fetch.
      yield batch.filter(({ offset }) => offset !== 3);
      topic.watermarks.set(0, { low: 6, high: 10 });
    }
  };
  const ports = world(topic, { reader: { ...topic, read } });
  await drainTopic(ports, LIMITS);
  expect(ports.made[0]?.gaps).toEqual([
    { first: 3, next: 6, cause: 'retention' },
    { first: 6, next: 7, cause: 'unknown' },
    { first: 8, next: 9, cause: 'unknown' },
  ]);
});

test('drainTopic: when time runs out, what was read is committed and the rest is left for the next run', async () => {
  let calls = 0;
  const timeLeftMs = () => (++calls > 2 ? 999 : 60_000);
  const ports = world(memoryTopic([partitionOf(0, 0, 1, 2, 3, 4, 5, 6)], 2), { timeLeftMs });
  expect(await drainTopic(ports, LIMITS)).toBe(3);
  expect(ports.made).toMatchObject([{ start: 0, next: 4 }]);
  expect(await drainTopic({ ...ports, timeLeftMs: () => 60_000 }, LIMITS)).toBe(0);
  expect(commitsOf(ports.lake.objects).map(({ start, next }) => [start, next])).toEqual([
    [0, 4],
    [4, 7],
  ]);
});

test('drainTopic: without time it reads nothing', async () => {
  const ports = world(memoryTopic([partitionOf(0, 0, 1), partitionOf(1, 0), partitionOf(2, 0, 1, 2)]), {
    timeLeftMs: () => 0,
  });
  expect(await drainTopic(ports, LIMITS)).toBe(6);
  expect(ports.lake.objects.size).toBe(0);
});

test('drainTopic: runs that overlap commit each offset once', async () => {
  const offsets = Array.from({ length: 40 }, (_, offset) => offset);
  const lake = memoryObjectStore();
  const limits = { ...LIMITS, inputBytesMax: 4 * RECORD_BYTES };
  let read = 0;
  const worlds = [1, 2, 3].map((batchRecords) => {
    const topic = memoryTopic([partitionOf(0, ...offsets)], batchRecords);
    const counted: typeof topic.read = async function* (...range) {
      for await (const batch of topic.read(...range)) {
        read += batch.length;
        yield batch;
      }
    };
    return world(topic, { reader: { ...topic, read: counted } }, lake);
  });
  await Promise.all(worlds.map((ports) => drainTopic(ports, limits)));
  // Who loses a race reads nothing more: of 40 records the other two have read a commit's or two.
  expect(read).toBeLessThan(2 * offsets.length);
  const commits = commitsOf(lake.objects);
  const rows = await Promise.all(commits.map((commit) => rowsOf(lake.objects, commit)));
  expect(rows.flat().map((row) => Number(row['_offset']))).toEqual(offsets);
  expect(worlds.flatMap(({ made }) => made)).toHaveLength(commits.length);
});

test('drainTopic: a run that sees what another has committed beyond its own high watermark has nothing to do', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  const lake = memoryObjectStore();
  let firstCall = true;
  const slow = world(
    topic,
    {
      reader: {
        ...topic,
        offsets: async (name) => {
          const seen = await topic.offsets(name);
          if (firstCall) {
            firstCall = false;
            topic.records.get(0)?.push(...partitionOf(0, 3, 4));
            await drainTopic(world(topic, {}, lake), LIMITS);
          }
          return seen;
        },
      },
    },
    lake,
  );
  expect(await drainTopic(slow, LIMITS)).toBe(0);
  expect(slow.made).toEqual([]);
  expect(commitsOf(lake.objects, 0)).toMatchObject([{ start: 0, next: 5 }]);
});

test('drainTopic: a partition that fails does not keep the others from being drained', async () => {
  const topic = memoryTopic([partitionOf(0, 0), partitionOf(1, 0)]);
  const ports = world(topic);
  await ports.lake.put('commits/0/.DS_Store', Buffer.from('x'));
  await expect(drainTopic(ports, LIMITS)).rejects.toThrow('Cannot read the commit "commits/0/.DS_Store"');
  expect(commitsOf(ports.lake.objects, 1)).toMatchObject([{ start: 0, next: 1 }]);
});

test('drainTopic: commits the records before a batch that cannot be read, and then fails', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2, 3, 4, 5, 6)], 2);
  const read: typeof topic.read = async function* (...range) {
    for await (const batch of topic.read(...range)) {
      if (batch.some(({ offset }) => offset >= 4)) {
        throw new Error('the batch at offset 4 is corrupt');
      }
      yield batch;
    }
  };
  const ports = world(topic, { reader: { ...topic, read } });
  const limits = { ...LIMITS, inputBytesMax: 3 * RECORD_BYTES };
  await expect(drainTopic(ports, limits)).rejects.toThrow('the batch at offset 4 is corrupt');
  expect(ports.made.map(({ start, next, rows }) => [start, next, rows])).toEqual([
    [0, 3, 3],
    [3, 4, 1],
  ]);
  await expect(drainTopic(ports, limits)).rejects.toThrow('the batch at offset 4 is corrupt');
  expect(ports.made).toHaveLength(2);
});

test('drainTopic: what cannot be written is not written again without its rows', async () => {
  const lake = memoryObjectStore();
  const put = async (): Promise<void> => {
    throw new Error('S3 is away');
  };
  const ports = world(memoryTopic([partitionOf(0, 0, 1)]), {}, lake);
  await expect(drainTopic({ ...ports, lake: { ...lake, put } }, LIMITS)).rejects.toThrow('S3 is away');
  expect(commitsOf(lake.objects)).toEqual([]);
  await drainTopic(ports, LIMITS);
  expect(commitsOf(lake.objects)).toMatchObject([{ start: 0, next: 2, rows: 2 }]);
});

test('drainTopic: refuses a topic that was made again, whether it is shorter than the lake or longer', async () => {
  const topic = memoryTopic([partitionOf(0, 0, 1, 2)]);
  const ports = world(topic);
  await drainTopic(ports, LIMITS);
  const before = [...ports.lake.objects.keys()];
  topic.records.set(0, partitionOf(0, 0));
  await expect(drainTopic(ports, LIMITS)).rejects.toThrow('it ends at offset 1, and offsets up to 3 were committed');
  topic.records.set(
    0,
    [0, 1, 2, 3, 4].map((offset) => kafkaRecord(offset, { timestamp: INGESTED_AT + 1 })),
  );
  await expect(drainTopic(ports, LIMITS)).rejects.toThrow('its record at offset 2 is not the one that was committed');
  topic.records.set(
    0,
    [0, 1, 2, 3].map((offset) => kafkaRecord(offset, { value: Buffer.from('other') })),
  );
  await expect(drainTopic(ports, LIMITS)).rejects.toThrow('The topic was deleted and made again');
  expect([...ports.lake.objects.keys()]).toEqual(before);
});
