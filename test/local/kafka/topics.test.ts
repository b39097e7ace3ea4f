/** The topics on disk: what belongs to them, and what happens when the disk or the descriptors run out. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Topics } from '../../../local/kafka/topics.ts';
import { emptyDisk, mockDisk } from './test-disk.ts';
import { testBatch } from './test-records.ts';

const { disk, openFiles } = mockDisk();
const { Topics: AllTopics } = await import('../../../local/kafka/topics.ts');

let dir: string;
let open: Topics | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'topics-'));
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(disk, emptyDisk);
  open?.close();
  open = undefined;
  rmSync(dir, { recursive: true });
  expect([...openFiles.values()]).toEqual([]);
});

/** Opens the topics, closing them first where they are open. */
function reopen(): Topics {
  open?.close();
  open = undefined;
  open = new AllTopics(dir, Date.now);
  return open;
}

const names = (topics: Topics) => [...topics.all].map(({ name }) => name);
const folders = () => readdirSync(join(dir, 'topics'));

test('Topics removes at the next start what a crash left of a deleted topic, and no other folder', () => {
  const topics = reopen();
  topics.create('kept', 1, {});
  topics.delete(topics.create('gone', 1, {}));
  expect(folders()).toEqual([expect.stringMatching(/^kept-/)]);
  const { id } = topics.create('torn', 1, {});
  topics.delete(topics.find('torn') ?? topics.create('never', 1, {}));
  mkdirSync(join(dir, 'topics', `torn-${id}`, '0'), { recursive: true });
  writeFileSync(join(dir, 'topics', 'foreign'), 'data');
  expect(names(reopen())).toEqual(['kept']);
  expect(folders().toSorted()).toEqual(['foreign', expect.stringMatching(/^kept-/)]);
});

test('Topics refuses folders of topics without their journal, in one line, and leaves them as they are', () => {
  reopen()
    .create('a', 1, {})
    .logs[0]?.append(testBatch({ values: ['x'] }));
  open?.close();
  open = undefined;
  const journal = join(dir, 'topics.journal');
  renameSync(journal, `${journal}.away`);
  expect(reopen).toThrow(/^Cannot use ".*": it has topics but no topics.journal[^\n]*$/);
  expect(existsSync(journal)).toBe(false);
  renameSync(`${journal}.away`, journal);
  expect(reopen().log('a', 0).endOffset).toBe(1);
});

test('Topics.create and grow without enough descriptors change nothing, and the next start opens', () => {
  const topics = reopen();
  const known = topics.create('known', 1, {});
  const before = openFiles.size;
  // Two files for each partition: one fits, the next one half or not at all.
  for (const free of [2, 3]) {
    disk.openFilesMax = before + free;
    expect(() => topics.create('large', 5, {})).toThrow('EMFILE');
    expect(() => topics.grow(known, 5)).toThrow('EMFILE');
    expect([openFiles.size, folders().length]).toEqual([before, 1]);
  }
  disk.openFilesMax = before;
  const again = reopen();
  expect([names(again), again.find('known')?.logs.length]).toEqual([['known'], 1]);
  expect(readdirSync(join(dir, 'topics', folders()[0] ?? ''))).toEqual(['0']);
});

test('Topics.create and grow that the journal cannot keep change nothing', () => {
  const topics = reopen();
  const known = topics.create('known', 1, {});
  const before = openFiles.size;
  disk.isFull = (path) => path.endsWith('topics.journal');
  expect(() => topics.create('new', 1, {})).toThrow('ENOSPC');
  expect(() => topics.grow(known, 2)).toThrow('ENOSPC');
  expect([names(topics), topics.find('known')?.logs.length, openFiles.size]).toEqual([['known'], 1, before]);
  disk.isFull = emptyDisk.isFull;
  topics.create('new', 2, {});
  expect(names(reopen())).toEqual(['known', 'new']);
});

test('Topics that cannot open all of their files say so in one line and hold none open', () => {
  reopen().create('a', 3, {});
  const needed = openFiles.size;
  open?.close();
  open = undefined;
  disk.openFilesMax = needed - 1;
  expect(reopen).toThrow(/^Cannot open the topics in ".*": EMFILE[^\n]*$/);
  expect(openFiles.size).toBe(0);
});

test('Topics open and close on a full disk', () => {
  reopen().create('a', 2, {});
  disk.isFull = () => true;
  expect(names(reopen())).toEqual(['a']);
});
