/** A partition's log on a disk that is full for a while, or without free file descriptors. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { PartitionLog } from '../../../../local/kafka/log/partition-log.ts';
import { logSettings, type TopicConfig } from '../../../../local/kafka/topic-config.ts';
import { emptyDisk, mockDisk } from '../test-disk.ts';
import { testBatch } from '../test-records.ts';
import { readAll } from './read-log.ts';

const { disk, openFiles } = mockDisk();
const { PartitionLog: Log } = await import('../../../../local/kafka/log/partition-log.ts');

const now = Date.now();
let clock: number;
let folder: string;
let open: PartitionLog[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'full-'));
  clock = now;
  open = [];
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(disk, emptyDisk);
  for (const log of open) log.close();
  rmSync(folder, { recursive: true });
  expect([...openFiles.values()]).toEqual([]);
});

function openLog(config: TopicConfig = {}, segmentBytes = 1_000_000): PartitionLog {
  const log = new Log(folder, { ...logSettings(config), segmentBytes }, () => clock);
  open.push(log);
  return log;
}

function close(log: PartitionLog): void {
  open.splice(open.indexOf(log), 1);
  log.close();
}

const append = (log: PartitionLog, key: string, bytes = 10) =>
  log.append(testBatch({ key, values: ['x'.repeat(bytes)], timestamp: clock })).baseOffset;
const keys = (log: PartitionLog) => readAll(log).map(([, key]) => key);

test('PartitionLog.append keeps what it acknowledges and nothing else when only the index has no room', () => {
  const log = openLog();
  const expected = Array.from({ length: 40 }, (_, at) => `old-${at}`);
  for (const key of expected) append(log, key, 1000);
  disk.isFull = (path) => path.endsWith('.index');
  for (const key of ['a', 'b', 'c']) append(log, key, 20_000);
  disk.isFull = emptyDisk.isFull;
  for (const key of ['d', 'e', 'f']) append(log, key, 20_000);
  const all = [...expected, 'a', 'b', 'c', 'd', 'e', 'f'];
  expect(keys(log)).toEqual(all);
  close(log);
  expect(keys(openLog())).toEqual(all);
});

test('PartitionLog.append refuses what the disk has no room for, and goes on where it was', () => {
  const log = openLog();
  append(log, 'a');
  disk.isFull = (path) => path.endsWith('.log');
  expect(() => append(log, 'refused')).toThrow('ENOSPC');
  disk.isFull = emptyDisk.isFull;
  expect(append(log, 'b')).toBe(1);
  close(log);
  expect(keys(openLog())).toEqual(['a', 'b']);
});

test('PartitionLog.append without a descriptor for the next segment goes on in this one, also after a restart', () => {
  const log = openLog({}, 400);
  append(log, 'a', 200);
  for (const free of [0, 1]) {
    disk.openFilesMax = openFiles.size + free;
    expect(() => append(log, 'refused', 200)).toThrow('EMFILE');
  }
  disk.openFilesMax = emptyDisk.openFilesMax;
  expect(append(log, 'small')).toBe(1);
  close(log);
  expect(keys(openLog({}, 400))).toEqual(['a', 'small']);
});

test('a PartitionLog opens and closes on a full disk, and says that it has no checkpoint', () => {
  const first = openLog();
  append(first, 'a');
  disk.isFull = () => true;
  close(first);
  const second = openLog();
  expect(keys(second)).toEqual(['a']);
  close(second);
  const told = jest.mocked(process.emitWarning).mock.calls.map(([warning]) => warning);
  expect(told).toEqual(Array(3).fill(expect.stringContaining('Cannot write the checkpoint')));
});

test('PartitionLog.startAt changes nothing when the disk cannot keep it', () => {
  const log = openLog();
  for (const key of ['a', 'b']) append(log, key);
  disk.isFull = () => true;
  expect(() => log.startAt(1)).toThrow('ENOSPC');
  expect([log.startOffset, keys(log)]).toEqual([0, ['a', 'b']]);
});

test('PartitionLog.applyRetention makes room on a full disk, and a restart knows where the log begins', () => {
  const config = { 'retention.ms': '1000' };
  const log = openLog(config, 400);
  for (const key of ['a', 'b', 'c']) append(log, key, 300);
  clock += 5000;
  append(log, 'young', 300);
  disk.isFull = () => true;
  log.applyRetention();
  expect([log.startOffset, keys(log)]).toEqual([3, ['young']]);
  close(log);
  const again = openLog(config, 400);
  expect([again.startOffset, keys(again)]).toEqual([3, ['young']]);
});

test('PartitionLog.compact on a full disk keeps all records, leaves no draft and holds no more files open', async () => {
  const config = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' };
  const log = openLog(config, 400);
  for (let at = 0; at < 8; at += 1) append(log, at % 2 === 0 ? 'even' : `odd-${at}`, 100);
  const before = openFiles.size;
  disk.isFull = (path) => path.endsWith('.draft');
  for (let run = 0; run < 3; run += 1) await expect(log.compact()).rejects.toThrow('ENOSPC');
  expect([openFiles.size, readdirSync(folder).filter((name) => name.endsWith('.draft'))]).toEqual([before, []]);
  expect(keys(log)).toHaveLength(8);
  // The draft can be opened, the index or the log of the segment that it becomes cannot.
  for (const free of [1, 2]) {
    Object.assign(disk, emptyDisk, { openFilesMax: before + free });
    await expect(log.compact()).rejects.toThrow('EMFILE');
    expect([openFiles.size, keys(log).length]).toEqual([before, 8]);
  }
  Object.assign(disk, emptyDisk);
  await log.compact();
  expect(keys(log).filter((key) => key === 'even')).toHaveLength(2);
});
