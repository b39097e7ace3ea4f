import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeFolder } from '../../lib/whole-folder.ts';
import { testFolder } from './synthesize.ts';

test('writeWholeFolder makes the folder and the ones above it', () => {
  const parent = join(testFolder(), 'new');
  writeWholeFolder(join(parent, 'a'), { 'one.txt': 'one', 'two.bin': Uint8Array.of(0, 255) });
  expect(readdirSync(parent)).toEqual(['a']);
  expect(readFileSync(join(parent, 'a', 'one.txt'), 'utf8')).toBe('one');
  expect([...readFileSync(join(parent, 'a', 'two.bin'))]).toEqual([0, 255]);
});

test('writeWholeFolder leaves a folder that somebody else has written as it is', () => {
  const parent = testFolder();
  writeWholeFolder(join(parent, 'a'), { 'one.txt': 'first' });
  writeWholeFolder(join(parent, 'a'), { 'one.txt': 'second' });
  expect(readFileSync(join(parent, 'a', 'one.txt'), 'utf8')).toBe('first');
  expect(readdirSync(parent)).toEqual(['a']);
});

test('writeWholeFolder leaves nothing when a file cannot be written', () => {
  const parent = testFolder();
  expect(() => writeWholeFolder(join(parent, 'a'), { 'one.txt': '', 'no/such/folder.txt': '' })).toThrow('ENOENT');
  expect(readdirSync(parent)).toEqual([]);
});
