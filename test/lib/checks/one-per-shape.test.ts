import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onePerShape } from '../../../lib/checks/one-per-shape.ts';
import { testFolder } from '../synthesize.ts';

const folder = testFolder();

function stack(name: string, template: object): Parameters<typeof onePerShape>[0][number] {
  const templatePath = join(folder, `${name}.template.json`);
  writeFileSync(templatePath, JSON.stringify(template));
  return { stackConstructPath: name, templatePath, accountId: undefined, region: undefined };
}

const template = (event: string, more: object = {}): object => ({
  Description: `The event ${event}`,
  Resources: {
    Topic: { Type: 'AWS::MSK::Topic', Properties: { TopicName: event, PartitionCount: 3, ...more } },
    Schema: { Type: 'AWS::Glue::Schema', Properties: { SchemaDefinition: `message "${event}" {}` } },
  },
});

const names = (stacks: Parameters<typeof onePerShape>[0]): string[] =>
  onePerShape(stacks).map(({ stackConstructPath }) => stackConstructPath);

test('onePerShape takes one of the events that differ in name, text and hashes only', () => {
  const asset = (digit: string) => ({ Key: digit.repeat(64) });
  const first = stack('Event-order-created', template('order_created', asset('a')));
  const second = stack('Event-parcel-sent', template('parcel_sent', asset('b')));
  expect(names([first, second])).toHaveLength(1);
});

test.each([
  ['a number', { PartitionCount: 4 }],
  ['a property', { Configs: 'x' }],
  ['the length of a long text', { Description: 'a'.repeat(201) }],
])('onePerShape tells events apart by %s', (_, more) => {
  const first = stack('Event-order-created', template('order_created'));
  const second = stack('Event-parcel-sent', template('parcel_sent', more));
  expect(names([first, second])).toEqual(['Event-order-created', 'Event-parcel-sent']);
});
