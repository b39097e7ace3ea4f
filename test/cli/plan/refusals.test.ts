import type { Previous } from '../../../cli/plan/previous.ts';
import { type Planned, refusals } from '../../../cli/plan/refusals.ts';
import { templateDiff } from '../../../cli/plan/template-diff.ts';
import { EventStack } from '../../../lib/event-stack.ts';
import type { Template } from '../../../local/assembly.ts';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { contractOf, versionOf } from '../../lib/contract-of.ts';
import { maskedTemplate, testApp } from '../../lib/synthesize.ts';

const ORDERS = contractOf('orders', { versions: [versionOf(1), versionOf(2)] });

function planned(contract: CompiledContract): Planned {
  const app = testApp();
  new EventStack(app, contract);
  return { contract, template: maskedTemplate(app, 'Event-orders') as unknown as Template };
}

const before = planned(ORDERS);
const refused = (after: Planned, previous: Previous = before): string[] =>
  refusals(previous, after, templateDiff(previous.template, after.template));
const withMore = (more: Partial<CompiledContract>): string[] => refused(planned({ ...ORDERS, ...more }));

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;
/** The same contract, synthesized by another Headrace. */
function otherwise(change: (resources: Resources) => void): Planned {
  const template = structuredClone(before.template) as unknown as { Resources: Resources };
  change(template.Resources);
  return { contract: ORDERS, template: template as unknown as Template };
}
const idOf = (type: string): string =>
  Object.entries(before.template.Resources ?? {}).find(([, { Type }]) => Type === type)?.[0] ?? '';

test('refusals: what can be deployed has none', () => {
  expect(refused(before)).toEqual([]);
  expect(
    refusals({ template: undefined, contract: undefined }, before, templateDiff(undefined, before.template)),
  ).toEqual([]);
  expect(withMore({ description: 'Other words.', freshnessSeconds: 600, owner: 'others' })).toEqual([]);
  expect(withMore({ topic: { name: 'orders', partitions: 6, retentionHours: 24 } })).toEqual([]);
  expect(withMore({ warehouse: { target: 'athena', table: 'orders' } })).toEqual([]);
  expect(withMore({ versions: [...ORDERS.versions, versionOf(3)] })).toEqual([]);
});

test('refusals: a released version that is taken back stays in the registry, and one can roll back', () => {
  expect(withMore({ versions: [versionOf(1)] })).toEqual([]);
});

test('refusals: a released version’s file does not change, not even in a comment', () => {
  const remark = 'message OrderCreated { string order_id = 1; } // better';
  const reason = 'a released version cannot change, not even in a comment, for the registry keeps it';
  expect(withMore({ versions: [versionOf(1, remark), versionOf(2)] })).toEqual([
    `schemas/orders/v1.proto: ${reason}; allowed is a new file, v3.proto`,
  ]);
  expect(withMore({ versions: [versionOf(1), versionOf(2, remark), versionOf(3)] })).toEqual([
    `schemas/orders/v2.proto: ${reason}; allowed is a new file, v4.proto`,
  ]);
  const avro = { format: 'avro', version: 1, definition: '{"type":"record","name":"Orders","fields":[]}' } as const;
  expect(withMore({ versions: [avro] })).toEqual([
    `schemas/orders/v1.proto: ${reason}; allowed is a new file, v3.proto`,
  ]);
});

test('refusals: where the old contract cannot be read, the schema’s name says the same', () => {
  const after = planned({ ...ORDERS, versions: [versionOf(1, 'message OrderCreated {}'), versionOf(2)] });
  expect(refused(after, { template: before.template, contract: undefined })).toEqual([
    expect.stringMatching(
      /^Registered\w+: cannot be replaced, for CloudFormation makes the new AWS::Glue::Schema first, and Name "orders" is still that of Registered\w+; allowed is another Name, or the same SchemaDefinition as before$/,
    ),
  ]);
});

test('refusals: a topic keeps its partitions', () => {
  expect(withMore({ topic: { name: 'orders', partitions: 2, retentionHours: 168 } })).toEqual([
    'schemas/orders/event.yaml: topic.partitions cannot go from 3 to 2, for Kafka takes no partition away; allowed is 3 or more',
  ]);
});

test('refusals: nothing is replaced, or made beside the old one, under a name that is taken', () => {
  const topic = idOf('AWS::MSK::Topic');
  const replaced = otherwise((resources) =>
    Object.assign(resources[topic]?.Properties ?? {}, { ReplicationFactor: 2 }),
  );
  expect(refused(replaced)).toEqual([
    `${topic}: cannot be replaced, for CloudFormation makes the new AWS::MSK::Topic first, and TopicName "orders" is ` +
      `still that of ${topic}; allowed is another TopicName, or the same ReplicationFactor as before`,
  ]);
  const alarm = idOf('AWS::CloudWatch::Alarm');
  const moved = otherwise((resources) => {
    Object.assign(resources, { Elsewhere: resources[alarm] });
    delete resources[alarm];
  });
  expect(refused(moved)).toEqual([
    expect.stringMatching(
      `^Elsewhere: cannot be added, for .* AlarmName "headrace-orders-\\w+" is still that of ${alarm}; allowed is another name$`,
    ),
  ]);
});

test('refusals: under another name, or without one, a resource may be replaced', () => {
  const topic = idOf('AWS::MSK::Topic');
  const version = idOf('AWS::Glue::SchemaVersion');
  const renamed = { TopicName: 'orders_2', ReplicationFactor: 2 };
  const after = otherwise((resources) => {
    Object.assign(resources[topic]?.Properties ?? {}, renamed);
    Object.assign(resources[version]?.Properties ?? {}, { Schema: { SchemaArn: 'other' } });
  });
  expect(refused(after)).toEqual([]);
});

test('refusals: a resource cannot become another type', () => {
  const topic = idOf('AWS::MSK::Topic');
  const after = otherwise((resources) =>
    Object.assign(resources, { [topic]: { Type: 'AWS::SQS::Queue', Properties: {} } }),
  );
  expect(refused(after)).toEqual([
    `${topic}: AWS::MSK::Topic cannot become AWS::SQS::Queue; allowed is a resource of another logical id`,
  ]);
});
