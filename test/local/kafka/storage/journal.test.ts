/** The journal of small state. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../../../local/host-error.ts';
import { Journal } from '../../../../local/kafka/storage/journal.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Numbers by name, journaled as Journal's owners do: the entry first, then the state. */
function openCounters() {
  const counters = new Map<string, number>();
  const journal = new Journal<{ name: string; value: number }>(join(folder, 'counters'), {
    replay: ({ name, value }) => counters.set(name, value),
    snapshot: () => [...counters].map(([name, value]) => ({ name, value })),
  });
  const set = (name: string, value: number) => {
    journal.append({ name, value });
    counters.set(name, value);
  };
  return { counters, set, close: () => journal.close() };
}

test('Journal replays what was appended', () => {
  const first = openCounters();
  first.set('a', 1);
  first.set('b', 2);
  first.set('a', 3);
  first.close();
  const second = openCounters();
  expect([...second.counters]).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
  second.close();
});

test('Journal is rewritten when it has grown, and loses no entry then', () => {
  const first = openCounters();
  const name = 'n'.repeat(1000);
  for (let value = 0; value < 3000; value += 1) first.set(`${name}${value % 3}`, value);
  first.close();
  expect(statSync(join(folder, 'counters')).size).toBeLessThan(1.1 * 1024 * 1024);
  const second = openCounters();
  expect([...second.counters.values()].toSorted()).toEqual([2997, 2998, 2999]);
  second.close();
});

test('Journal drops a torn last line and goes on after the one before', () => {
  const first = openCounters();
  first.set('a', 1);
  first.close();
  appendFileSync(join(folder, 'counters'), '{"name":"b');
  const second = openCounters();
  second.set('c', 3);
  second.close();
  const third = openCounters();
  expect([...third.counters]).toEqual([
    ['a', 1],
    ['c', 3],
  ]);
  third.close();
});

test.each([
  ['is not JSON', '{"name":'],
  ['is JSON but no entry', 'null'],
])('Journal that has a whole line that %s says which, and changes nothing', (_, line) => {
  const path = join(folder, 'counters');
  const content = `{"name":"a","value":1}\n${line}\n{"name":"b","value":2}\n`;
  appendFileSync(path, content);
  expect(openCounters).toThrow(HostError);
  expect(openCounters).toThrow(/^Cannot read line 2 of ".*counters": [^\n]*$/);
  expect(readFileSync(path, 'utf8')).toBe(content);
});
