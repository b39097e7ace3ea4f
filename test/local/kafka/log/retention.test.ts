/** Retention of a log that is compacted as well. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PartitionLog } from '../../../../local/kafka/log/partition-log.ts';
import { logSettings } from '../../../../local/kafka/topic-config.ts';
import { testBatch } from '../test-records.ts';
import { readAll } from './read-log.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'retention-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('PartitionLog.applyRetention passes segments that compaction has emptied, which hold no files open', async () => {
  let clock = 1_700_000_000_000;
  const config = { 'cleanup.policy': 'compact,delete', 'retention.ms': '10000', 'min.cleanable.dirty.ratio': '0.01' };
  const open = () => new PartitionLog(folder, { ...logSettings(config), segmentBytes: 400 }, () => clock);
  const log = open();
  const keys = [...Array<string>(20).fill('same'), 'b', 'c', 'd', 'e'];
  for (const key of keys) log.append(testBatch({ key, values: ['x'.repeat(100)], timestamp: clock }));
  await log.compact();
  const expected = [
    [19, 'same', true],
    [20, 'b', true],
    [21, 'c', true],
    [22, 'd', true],
    [23, 'e', true],
  ];
  // Two records make a segment: the first, although empty, the one of offset 18, and two more.
  const segments = readdirSync(folder).filter((name) => name.endsWith('.log'));
  expect([log.startOffset, readAll(log), segments.length]).toEqual([0, expected, 4]);
  log.close();
  const again = open();
  expect([again.startOffset, readAll(again)]).toEqual([0, expected]);
  clock += 3_600_000;
  again.append(testBatch({ key: 'young', values: ['x'], timestamp: clock }));
  again.applyRetention();
  expect(readAll(again)).toEqual([[24, 'young', true]]);
  expect(again.startOffset).toBe(24);
  again.close();
});
