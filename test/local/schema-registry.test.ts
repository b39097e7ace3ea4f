import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../../local/host-error.ts';
import { SchemaRegistry } from '../../local/schema-registry.ts';
import { temporaryFolder } from './fixture-assembly.ts';

const ORDERS = 'arn:aws:glue:us-east-1:000000000000:schema/headrace/order_created';
const FLIGHTS = 'arn:aws:glue:us-east-1:000000000000:schema/headrace/flight_departed';

/** One run of a host after another on the same folder. */
function runsOf(): (...definitions: string[]) => void {
  const file = join(temporaryFolder(), 'schemas.json');
  return (...definitions) => {
    const registry = new SchemaRegistry(file);
    for (const definition of definitions) registry.register(ORDERS, definition);
    registry.register(FLIGHTS, 'flights');
    expect(existsSync(file)).toBe(true);
  };
}

test('SchemaRegistry takes the versions that it knows, and more of them', () => {
  const run = runsOf();
  run('one');
  run('one');
  run('one', 'two');
  run('one', 'two', 'three');
});

test.each([
  [['ONE'], 'v1 of order_created changed since it was registered; add v3, or take another --dir'],
  [['one', 'TWO', 'three'], 'v2 of order_created changed since it was registered; add v3, or take another --dir'],
])('SchemaRegistry refuses %j after one, two, and keeps what it knows', (definitions, message) => {
  const run = runsOf();
  run('one', 'two');
  expect(() => run(...definitions)).toThrow(new HostError(message));
  expect(() => run(...definitions)).toThrow(new HostError(message));
  run('one', 'two');
});
