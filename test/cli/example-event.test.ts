import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCommand } from '../../cli/example-event.ts';

let schemas: string;
beforeEach(() => {
  schemas = mkdtempSync(join(tmpdir(), 'headrace-example-'));
});
afterEach(() => rmSync(schemas, { recursive: true }));

function write(event: string, name: string, text: string): void {
  mkdirSync(join(schemas, event, 'examples'), { recursive: true });
  writeFileSync(join(schemas, event, 'examples', name), text);
}

/** What the shell makes of the command's last argument. */
const sent = (command = ''): string =>
  execFileSync('sh', ['-c', command.replace('curl', `printf '%s\\n'`)], { encoding: 'utf8' })
    .split('\n')
    .at(-2) ?? '';

test('exampleCommand sends the first valid example of the first event that has one, with every digit', () => {
  mkdirSync(join(schemas, 'a_event'));
  write('b_event', 'invalid-x.json', '{}');
  write('c_event', 'valid-y.json', '{}');
  write('c_event', 'valid-x.json', '{\n  "id": 9007199254740993,\n  "name": "O\'Brien  & co"\n}\n');
  const command = exampleCommand('http://127.0.0.1:1/v1/events', schemas, ['a_event', 'b_event', 'c_event', 'gone']);
  expect(sent(command)).toBe(
    '{"specversion":"1.0","id":"example-1","source":"/example","type":"c_event",' +
      '"data":{ "id": 9007199254740993, "name": "O\'Brien  & co" }}',
  );
});

test('exampleCommand has none where no event has an example', () => {
  write('b_event', 'invalid-x.json', '{}');
  expect(exampleCommand('http://127.0.0.1:1/v1/events', schemas, ['b_event'])).toBeUndefined();
});
