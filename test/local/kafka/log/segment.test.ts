/** A segment's index is advisory: whatever a power cut leaves of it, every record of the log is found. */

import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PartitionLog } from '../../../../local/kafka/log/partition-log.ts';
import { logSettings } from '../../../../local/kafka/topic-config.ts';
import { testBatch } from '../test-records.ts';
import { readAll } from './read-log.ts';

const batches = 500;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const openLog = () => new PartitionLog(folder, { ...logSettings({}), segmentBytes: 300_000 }, Date.now);

/** Overwrites number `at` (offset, position, time, offset, …) of an index. */
function overwrite(path: string, at: number, value: number): void {
  const bytes = readFileSync(path);
  bytes.writeDoubleLE(value, at < 0 ? bytes.length + at * 8 : at * 8);
  writeFileSync(path, bytes);
}

const damages: ReadonlyArray<readonly [name: string, damage: (path: string) => void]> = [
  ['its last position is another one', (path) => overwrite(path, -2, 50_000)],
  ['its first position is another one', (path) => overwrite(path, 1, 100_000)],
  ['its first position is no number', (path) => overwrite(path, 1, Number.NaN)],
  ['its first position is negative', (path) => overwrite(path, 1, -61)],
  ['its first position is between two bytes', (path) => overwrite(path, 1, 33_000.5)],
  ['its first offset is another one', (path) => overwrite(path, 0, 7)],
  [
    'an entry that belongs to nothing comes last',
    (path) => appendFileSync(path, Buffer.from(new Float64Array([400, 12_345, 5]).buffer)),
  ],
  ['zeros come last', (path) => appendFileSync(path, Buffer.alloc(48))],
  ['its last entry is torn', (path) => truncateSync(path, statSync(path).size - 10)],
  ['it is gone', (path) => rmSync(path)],
];

describe.each([
  ['the oldest segment', 0],
  ['the active segment', -1],
])('the index of %s is damaged', (_, which) => {
  test.each(damages)('PartitionLog finds every record when %s', (_, damage) => {
    const first = openLog();
    for (let at = 0; at < batches; at += 1) first.append(testBatch({ values: ['x'.repeat(1000)] }));
    first.close();
    const indexes = readdirSync(folder)
      .filter((name) => name.endsWith('.index'))
      .toSorted();
    expect(indexes.length).toBeGreaterThan(1);
    damage(join(folder, indexes.at(which) ?? ''));
    const again = openLog();
    expect(again.append(testBatch({ values: ['next'] })).baseOffset).toBe(batches);
    expect(readAll(again).map(([offset]) => offset)).toEqual(Array.from({ length: batches + 1 }, (_, at) => at));
    again.close();
  });
});
