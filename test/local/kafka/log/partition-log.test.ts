/** A partition's log on its own, with a clock that the test sets. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PartitionLog } from '../../../../local/kafka/log/partition-log.ts';
import { logSettings, type TopicConfig } from '../../../../local/kafka/topic-config.ts';
import { batchIsIntact, readBatchHeader } from '../../../../pipeline/kafka/record-batch.ts';
import { type TestBatch, testBatch } from '../test-records.ts';
import { readAll } from './read-log.ts';

let folder: string;
let clock: number;
let open: PartitionLog[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  clock = 1_700_000_000_000;
  open = [];
});
afterEach(() => {
  for (const log of open) log.close();
  rmSync(folder, { recursive: true });
});

/** Small segments, so that a test meets many: Kafka's own minimum of 1 MB holds for topics, not for a log. */
function openLog(config: TopicConfig = {}, segmentBytes = 400): PartitionLog {
  const log = new PartitionLog(folder, { ...logSettings(config), segmentBytes }, () => clock);
  open.push(log);
  return log;
}

function reopen(log: PartitionLog, config: TopicConfig = {}): PartitionLog {
  log.close();
  open.splice(open.indexOf(log), 1);
  return openLog(config);
}

function append(log: PartitionLog, batch: TestBatch): number {
  return log.append(testBatch({ timestamp: clock, ...batch })).baseOffset;
}

const segmentCount = () => readdirSync(folder).filter((name) => name.endsWith('.log')).length;

const offsets = (log: PartitionLog) => readAll(log).map(([offset]) => offset);

test('PartitionLog reads from any offset across segments, also after a restart', () => {
  const log = openLog();
  for (let at = 0; at < 30; at += 1) append(log, { values: [`${at}a`, `${at}b`] });
  expect(segmentCount()).toBeGreaterThan(3);
  const all = Array.from({ length: 60 }, (_, at) => at);
  expect(offsets(log)).toEqual(all);
  const again = reopen(log);
  expect(offsets(again)).toEqual(all);
  for (const offset of [0, 7, 31, 59]) {
    const { records } = again.read({ offset, bytesMax: 1, committedOnly: false, atLeastOne: true });
    const { baseOffset = -1, lastOffset = -1 } = readBatchHeader(records) ?? {};
    expect(baseOffset <= offset && offset <= lastOffset).toBe(true);
  }
  expect(append(again, { values: ['next'] })).toBe(60);
});

test('PartitionLog.read gives nothing at the end and refuses offsets beyond it', () => {
  const log = openLog();
  append(log, { values: ['a'] });
  const request = { bytesMax: 1000, committedOnly: false, atLeastOne: true };
  expect(log.read({ ...request, offset: 1 }).records).toHaveLength(0);
  expect(() => log.read({ ...request, offset: 2 })).toThrow('holds 0 to 1');
  log.startAt(1);
  expect(() => log.read({ ...request, offset: 0 })).toThrow('holds 1 to 1');
});

test('PartitionLog.read keeps to bytesMax unless the first batch alone is larger', () => {
  const log = openLog({}, 10_000);
  const bytes = testBatch({ values: ['x'.repeat(100)] }).length;
  for (let at = 0; at < 5; at += 1) append(log, { values: ['x'.repeat(100)] });
  const request = { offset: 0, committedOnly: false };
  expect(log.read({ ...request, bytesMax: 3 * bytes + 10, atLeastOne: false }).records).toHaveLength(3 * bytes);
  expect(log.read({ ...request, bytesMax: 10, atLeastOne: true }).records).toHaveLength(bytes);
  expect(log.read({ ...request, bytesMax: 10, atLeastOne: false }).records).toHaveLength(0);
});

test('PartitionLog.recordAt finds the first record at or after a time, across segments and restarts', () => {
  const log = openLog();
  for (let at = 0; at < 20; at += 1) append(log, { values: ['a', 'b'], timestamp: 1000 + at * 10 });
  const expectTimes = (one: PartitionLog) => {
    expect(one.recordAt(0)).toMatchObject({ offset: 0, timestamp: 1000 });
    expect(one.recordAt(1105)).toMatchObject({ offset: 22, timestamp: 1110 });
    expect(one.recordAt(1190)).toMatchObject({ offset: 38 });
    expect(one.recordAt(1191)).toBeUndefined();
    expect(one.maxTimestamp).toBe(1190);
  };
  expectTimes(log);
  expectTimes(reopen(log));
});

test('PartitionLog stamps batches with its own time when the topic says LogAppendTime', () => {
  const log = openLog({ 'message.timestamp.type': 'LogAppendTime' });
  const records = testBatch({ values: ['a'], timestamp: 5 });
  expect(log.append(records).logAppendTimeMs).toBe(clock);
  expect(log.recordAt(clock)).toEqual(expect.objectContaining({ offset: 0, timestamp: clock }));
  expect(batchIsIntact(records)).toBe(true);
});

test('PartitionLog.applyRetention drops old segments by time, and the last one too', () => {
  const log = openLog({ 'retention.ms': '1000' });
  for (let at = 0; at < 10; at += 1) append(log, { values: ['x'.repeat(150)] });
  clock += 900;
  append(log, { values: ['young'] });
  log.applyRetention();
  expect(log.startOffset).toBe(0);
  clock += 200;
  log.applyRetention();
  expect(log.startOffset).toBeGreaterThanOrEqual(8);
  expect(offsets(log)).toContain(10);
  clock += 2000;
  log.applyRetention();
  expect([log.startOffset, log.endOffset, segmentCount()]).toEqual([11, 11, 1]);
  expect(append(reopen(log), { values: ['next'] })).toBe(11);
});

test('PartitionLog.applyRetention drops the oldest segments beyond retention.bytes', () => {
  const log = openLog({ 'retention.bytes': '1000', 'retention.ms': '-1' });
  for (let at = 0; at < 20; at += 1) append(log, { values: ['x'.repeat(150)] });
  log.applyRetention();
  const held = log.endOffset - log.startOffset;
  const bytes = testBatch({ values: ['x'.repeat(150)] }).length;
  // Kafka deletes a segment only when what is left still reaches the limit.
  expect(held * bytes).toBeGreaterThanOrEqual(1000);
  expect(held * bytes).toBeLessThan(1000 + 400);
});

describe('compaction', () => {
  const compact = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'delete.retention.ms': '1000' };

  /** Closes the segment, since compaction leaves the active one alone. */
  function roll(log: PartitionLog): void {
    append(log, { key: 'filler', values: ['x'.repeat(400)] });
    append(log, { key: 'filler', values: ['x'.repeat(400)] });
  }

  const keysOf = (log: PartitionLog) => readAll(log).filter(([, key]) => key !== 'filler');

  test('PartitionLog.compact keeps the newest record of each key at its offset, and what it keeps survives', async () => {
    const log = openLog(compact);
    for (const key of ['a', 'b', 'a', 'c', 'b']) append(log, { key, values: ['v'] });
    append(log, { key: 'twice', values: ['old', 'new'] });
    roll(log);
    await log.compact();
    const expected = [
      [2, 'a', true],
      [3, 'c', true],
      [4, 'b', true],
      [6, 'twice', true],
    ];
    expect(keysOf(log)).toEqual(expected);
    expect(keysOf(reopen(log, compact))).toEqual(expected);
  });

  test('PartitionLog.compact keeps a tombstone for delete.retention.ms and then drops it', async () => {
    const log = openLog(compact);
    append(log, { key: 'a', values: ['v'] });
    log.append(tombstone('a'));
    roll(log);
    await log.compact();
    expect(keysOf(log)).toEqual([[1, 'a', false]]);
    clock += 5000;
    roll(log);
    await log.compact();
    roll(log);
    await log.compact();
    expect(keysOf(log)).toEqual([]);
  });

  test('PartitionLog.compact drops aborted records and leaves open transactions alone', async () => {
    const log = openLog(compact);
    const producer = { producerId: 7, producerEpoch: 0, transactional: true };
    append(log, { key: 'a', values: ['kept'] });
    append(log, { key: 'a', values: ['aborted'], ...producer, baseSequence: 0 });
    log.endTransaction(7, 0, false, true);
    append(log, { key: 'a', values: ['open'], ...producer, baseSequence: 1 });
    roll(log);
    await log.compact();
    expect(keysOf(log)).toHaveLength(3);
    log.endTransaction(7, 0, true, true);
    roll(log);
    await log.compact();
    expect(keysOf(log)).toEqual([[3, 'a', true]]);
  });

  test('PartitionLog.append refuses a record without key', () => {
    expect(() => append(openLog(compact), { values: ['v'] })).toThrow('without key');
  });

  test('PartitionLog.compact stops when the log is closed meanwhile', async () => {
    const log = openLog(compact);
    for (let at = 0; at < 50; at += 1) append(log, { key: 'a', values: ['v'] });
    roll(log);
    const running = log.compact();
    const again = reopen(log, compact);
    await running;
    expect(offsets(again).at(-1)).toBe(51);
  });
});

function tombstone(key: string): Buffer {
  return testBatch({ key, values: [null], timestamp: clock });
}

test('PartitionLog knows its producers after a restart, with and without a checkpoint', () => {
  const log = openLog();
  const batch = (baseSequence: number) => ({ values: ['a'], producerId: 3, producerEpoch: 1, baseSequence });
  expect([append(log, batch(0)), append(log, batch(1))]).toEqual([0, 1]);
  const second = reopen(log);
  expect([append(second, batch(1)), append(second, batch(2))]).toEqual([1, 2]);
  second.close();
  open = [];
  rmSync(join(folder, 'checkpoint.json'));
  const third = openLog();
  expect([append(third, batch(2)), append(third, batch(3))]).toEqual([2, 3]);
  expect(() => append(third, batch(9))).toThrow('does not follow');
});

test('PartitionLog.lastStableOffset stays at an open transaction, also after a restart, until it ends', () => {
  const log = openLog();
  append(log, { values: ['a'] });
  append(log, { values: ['b'], producerId: 3, producerEpoch: 0, baseSequence: 0, transactional: true });
  append(log, { values: ['c'] });
  const again = reopen(log);
  expect([again.lastStableOffset, again.endOffset]).toEqual([1, 3]);
  const request = { offset: 0, bytesMax: 1000, committedOnly: true, atLeastOne: true };
  expect(readBatchHeader(again.read(request).records)?.lastOffset).toBe(0);
  again.endTransaction(3, 0, false, false);
  expect(again.lastStableOffset).toBe(4);
  expect(again.read({ ...request, bytesMax: 10_000 }).aborted).toEqual([{ producerId: 3, firstOffset: 1 }]);
});

test('PartitionLog forgets producers by its own clock, however old the timestamps of their records are', () => {
  const log = openLog();
  const batch = { values: ['a'], producerId: 9, producerEpoch: 0, baseSequence: 0, timestamp: 1 };
  expect(append(log, batch)).toBe(0);
  log.producers.expire(clock - 1, log.startOffset);
  expect(append(log, batch)).toBe(0);
  expect(log.endOffset).toBe(1);
  log.producers.expire(clock + 1, log.startOffset);
  expect([...log.producers.producers]).toEqual([]);
});
