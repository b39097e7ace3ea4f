import { crc32 } from 'node:zlib';
import { commitKey, commitLog } from '../../../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { type SinkPorts, sinkPartition } from '../../../pipeline/sink/sink.ts';
import { Window } from '../../../pipeline/sink/window.ts';
import { ORDER_VERSION_ID, orderContract } from '../ingest/order-events.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { commitsOf, lettersOf, rowsOf } from './lake-contents.ts';
import { headers, INGESTED_AT, kafkaRecord } from './order-records.ts';

function world(lake: MemoryObjectStore = memoryObjectStore()): SinkPorts & { readonly lake: MemoryObjectStore } {
  return { contract: orderContract, lake, log: commitLog(lake), rows: rowEncoder(orderContract, [ORDER_VERSION_ID]) };
}

const records = (...offsets: number[]) => offsets.map((offset) => kafkaRecord(offset));

test('sinkPartition: commits rows, and says what was there before', async () => {
  const ports = world();
  expect(await sinkPartition(records(0, 1, 2), ports)).toMatchObject({
    commit: { rows: 3, rejected: null },
    repeated: 0,
  });
  expect(await sinkPartition(records(1, 2, 3), ports)).toMatchObject({
    commit: { rows: 1, rejected: null },
    repeated: 2,
  });
  expect(await sinkPartition(records(0, 3), ports)).toEqual({ commit: undefined, repeated: 2 });
  const [first, second] = commitsOf(ports.lake.objects);
  expect(first).toMatchObject({ format: 1, event: 'order_created', start: 0, first: 0, last: 2, next: 3, rows: 3 });
  expect(second).toMatchObject({ start: 3, first: 3, last: 3, next: 4, rows: 1, gaps: [], schemaVersion: 1 });
  expect(first?.eventTime).toEqual({ min: '2026-11-20T12:00:00.000000Z', max: '2026-11-20T12:00:00.000000Z' });
});

test('sinkPartition: offsets that Kafka did not deliver are gaps in the commit', async () => {
  const ports = world();
  await sinkPartition(records(5, 6, 9), ports);
  await sinkPartition(records(12), ports);
  expect(commitsOf(ports.lake.objects).map(({ gaps }) => gaps)).toEqual([
    [
      { first: 0, next: 5, cause: 'unknown' },
      { first: 7, next: 9, cause: 'unknown' },
    ],
    [{ first: 10, next: 12, cause: 'unknown' }],
  ]);
});

test('sinkPartition: works up to the largest offset of a double', async () => {
  const ports = world();
  const last = Number.MAX_SAFE_INTEGER - 1;
  await sinkPartition(records(last - 1), ports);
  await sinkPartition(records(last - 1, last), ports);
  const commits = commitsOf(ports.lake.objects);
  expect(commits.map(({ next }) => next)).toEqual([last, last + 1]);
  expect((await rowsOf(ports.lake.objects, commits[1] as (typeof commits)[1])).map((row) => row['_offset'])).toEqual([
    BigInt(last),
  ]);
});

test('sinkPartition: a corrupt record becomes a dead letter with its bytes, headers and reason, and the batch goes on', async () => {
  const ports = world();
  const corrupt = kafkaRecord(1, { key: null, value: Uint8Array.of(0xff, 0, 7), headers: headers({ trace: 'ü' }) });
  expect(await sinkPartition([kafkaRecord(0), corrupt, kafkaRecord(2)], ports)).toMatchObject({
    commit: { rows: 2, rejected: { count: 1 } },
  });
  const [commit] = commitsOf(ports.lake.objects);
  expect(commit).toMatchObject({ rows: 2, rejected: { count: 1 } });
  expect(commit && lettersOf(ports.lake.objects, commit)).toEqual([
    {
      topic: 'order_created',
      partition: 0,
      offset: 1,
      timestamp: corrupt.timestamp,
      code: 'UNKNOWN_FRAMING',
      reason: 'the value begins with the framing of no schema registry',
      schemaVersion: 1,
      key: null,
      value: Buffer.from([0xff, 0, 7]).toString('base64'),
      headers: [['trace', Buffer.from('ü').toString('base64')]],
    },
  ]);
});

test('Window: a dead letter is kept as it came, not as the view of a fetch’s memory', async () => {
  const ports = world();
  const window = new Window(ports, { partition: 0, after: undefined });
  const value = Buffer.from('corrupt');
  window.add(kafkaRecord(0, { value }));
  window.add(kafkaRecord(1));
  value.fill(0);
  const commit = await window.write();
  expect(lettersOf(ports.lake.objects, commit)[0]?.value).toBe(Buffer.from('corrupt').toString('base64'));
  expect(commit.rejected?.checksum).toBe(crc32('corrupt') | 0);
});

test('Window: rows of a window that was given up do not come into the next commit', async () => {
  const ports = world();
  const poisoned = (offset: number) => ({
    ...kafkaRecord(offset),
    get value(): never {
      throw new Error('out of memory');
    },
  });
  await expect(sinkPartition([kafkaRecord(0), poisoned(1)], ports)).rejects.toThrow('out of memory');
  expect(await sinkPartition(records(0, 1), ports)).toMatchObject({ commit: { rows: 2 } });
  const leaky = { ...ports, rows: { ...ports.rows, reset: () => undefined } };
  await expect(sinkPartition([kafkaRecord(2), poisoned(3)], leaky)).rejects.toThrow('out of memory');
  await expect(sinkPartition(records(2, 3), leaky)).rejects.toThrow('it has 3 rows and 0 dead letters of 2 records');
  expect(commitsOf(ports.lake.objects)).toHaveLength(1);
});

test('sinkPartition: a batch of dead letters alone is committed without a file', async () => {
  const ports = world();
  const nothing = [0, 1, 2].map((offset) => kafkaRecord(offset, { value: offset === 1 ? Buffer.from('x') : null }));
  expect(await sinkPartition(nothing, ports)).toMatchObject({
    commit: { rows: 0, rejected: { count: 3, codes: { NULL_VALUE: 2, UNKNOWN_FRAMING: 1 } } },
  });
  expect(commitsOf(ports.lake.objects)[0]).toMatchObject({ files: [], eventTime: null, next: 3 });
});

test('sinkPartition: the same records give the same objects, so that a repetition overwrites nothing with anything else', async () => {
  const [first, second] = [world(), world()];
  await sinkPartition(records(0, 1, 2), first);
  await sinkPartition(records(0, 1, 2), second);
  expect([...first.lake.objects.keys()]).toEqual([...second.lake.objects.keys()]);
});

test('sinkPartition: when the answer to its commit got lost and the SDK tried again, the commit is told as its own', async () => {
  const ports = world();
  const lake = {
    ...ports.lake,
    putIfAbsent: async (key: string, body: Uint8Array) => {
      await ports.lake.putIfAbsent(key, body);
      return 'exists' as const;
    },
  };
  const report = await sinkPartition(records(0, 1), { ...ports, log: commitLog(lake) });
  expect(report).toMatchObject({ commit: { start: 0, next: 2 }, repeated: 0 });
  expect(commitsOf(ports.lake.objects)).toHaveLength(1);
});

test('sinkPartition: does not retry for ever when the commit’s name is taken and the head does not move', async () => {
  const ports = world();
  const get = async () => Buffer.from('another');
  const lake = { ...ports.lake, get, putIfAbsent: async () => 'exists' as const };
  await expect(sinkPartition(records(0), { ...ports, log: commitLog(lake) })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  });
});

test('sinkPartition: refuses an empty batch, one out of order, and one of two partitions', async () => {
  const ports = world();
  await expect(sinkPartition([], ports)).rejects.toThrow('it has no records');
  await expect(sinkPartition(records(1, 0), ports)).rejects.toThrow('offset 0 of partition 0 is out of order');
  await expect(sinkPartition(records(1, 1), ports)).rejects.toThrow('out of order');
  await expect(sinkPartition([kafkaRecord(0), kafkaRecord(1, { partition: 1 })], ports)).rejects.toThrow('partition 1');
  expect(ports.lake.objects.size).toBe(0);
});

test('sinkPartition: writes nothing past a commit that a newer version wrote', async () => {
  const ports = world();
  await ports.lake.put(commitKey(0, 0), Buffer.from('{"format":2,"partition":0,"start":0,"next":5}'));
  await expect(sinkPartition(records(0, 5), ports)).rejects.toThrow('it has format 2');
  expect(ports.lake.objects.size).toBe(1);
});

test.each([
  ['a newer timestamp', { timestamp: INGESTED_AT + 1 }],
  ['an older timestamp', { timestamp: INGESTED_AT - 1 }],
  ['another value at the end of the commit', { value: Buffer.from('other') }],
])('sinkPartition: refuses a repeated record with %s: it is of a topic that was made again', async (_, changes) => {
  const ports = world();
  await sinkPartition(records(0, 1, 2), ports);
  await sinkPartition(records(3, 4), ports);
  const before = [...ports.lake.objects.keys()];
  await expect(sinkPartition([kafkaRecord(0, changes)], ports)).rejects.toMatchObject({
    code: 'TOPIC_REPLACED',
    retryable: false,
    message: expect.stringContaining('give the event a new name'),
  });
  await expect(sinkPartition([kafkaRecord(0, changes), ...records(1, 4, 5)], ports)).rejects.toThrow(
    'its record at offset 0 is not the one that was committed',
  );
  await expect(sinkPartition([...records(3), kafkaRecord(4, changes), kafkaRecord(5)], ports)).rejects.toThrow(
    'Cannot sink partition 0 of the topic "order_created": its record at offset 4 is not the one that was committed',
  );
  expect([...ports.lake.objects.keys()]).toEqual(before);
});

test('sinkPartition: refuses a record at an offset that retention had deleted when it was committed', async () => {
  const ports = world();
  const window = new Window(ports, { partition: 0, after: undefined, lowWatermark: 3 });
  window.add(kafkaRecord(3));
  await ports.log.append(await window.write());
  await expect(sinkPartition(records(2), ports)).rejects.toMatchObject({ code: 'TOPIC_REPLACED' });
});

test('sinkPartition: a warm function whose lake was put away acknowledges nothing that is in no commit', async () => {
  const warm = world();
  await sinkPartition(records(0, 1, 2), warm);
  await sinkPartition(records(3, 4), warm);
  const again = [0, 1].map((offset) => kafkaRecord(offset, { timestamp: INGESTED_AT + 1 }));
  warm.lake.objects.clear();
  await expect(sinkPartition(again, warm)).rejects.toMatchObject({ code: 'BROKEN_INVARIANT' });
  // The trigger delivers again, and the head was forgotten: the chain begins anew.
  expect(await sinkPartition(again, warm)).toMatchObject({ commit: { start: 0, rows: 2 }, repeated: 0 });
});

test('sinkPartition: a warm function that refused a topic goes on when its lake was put away', async () => {
  const warm = world();
  await sinkPartition(records(0, 1, 2), warm);
  const again = [0, 1].map((offset) => kafkaRecord(offset, { timestamp: INGESTED_AT + 1 }));
  await expect(sinkPartition(again, warm)).rejects.toMatchObject({ code: 'TOPIC_REPLACED' });
  warm.lake.objects.clear();
  expect(await sinkPartition(again, warm)).toMatchObject({ commit: { start: 0, rows: 2 } });
});

test('sinkPartition: passes over what the trigger before it passed over, whatever its time', async () => {
  const ports = world();
  await sinkPartition(records(0, 5), ports);
  const aborted = kafkaRecord(3, { timestamp: 1 });
  expect(await sinkPartition([aborted], ports)).toEqual({ commit: undefined, repeated: 1 });
  expect(await sinkPartition([aborted, ...records(5, 6)], ports)).toMatchObject({ commit: { start: 6, rows: 1 } });
});
