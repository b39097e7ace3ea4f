import { templateDiff } from '../../../cli/plan/template-diff.ts';
import { describeResources } from '../../../cli/plan.ts';
import type { Template } from '../../../local/assembly.ts';

const BEFORE: Template = {
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60, Tags: [{ Key: 'a', Value: 'b' }] } },
    Topic: {
      Type: 'AWS::MSK::Topic',
      Properties: { TopicName: 'orders', PartitionCount: 3 },
      UpdateReplacePolicy: 'Retain',
      DeletionPolicy: 'RetainExceptOnCreate',
    } as never,
    Sink: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'b', S3Key: 'old.zip' },
        Environment: { Variables: { A: '1', B: { Ref: 'Queue' } } },
      },
    },
  },
};
const changed = (
  change: (resources: Record<string, { Type: string; Properties: Record<string, unknown> }>) => void,
) => {
  const after = structuredClone(BEFORE) as unknown as { Resources: Parameters<typeof change>[0] };
  change(after.Resources);
  return templateDiff(BEFORE, after as unknown as Template);
};

test('templateDiff: the same template changes nothing', () => {
  expect(changed(() => {})).toEqual([]);
  expect(describeResources([], false)).toBe('Resources: no change');
});

test('templateDiff: a value inside a property is told by its path, a function or a list as one value', () => {
  const changes = changed(({ Sink, Queue }) => {
    Object.assign(Sink?.Properties ?? {}, {
      Code: { S3Bucket: 'b', S3Key: 'new.zip' },
      Environment: { Variables: { A: '2', B: { Ref: 'Topic' }, C: '' } },
    });
    Object.assign(Queue?.Properties ?? {}, { Tags: [{ Key: 'a', Value: 'c' }] });
  });
  expect(changes.map(({ logicalId, properties }) => [logicalId, properties])).toEqual([
    ['Queue', [{ path: 'Tags', before: '[{"Key":"a","Value":"b"}]', after: '[{"Key":"a","Value":"c"}]' }]],
    [
      'Sink',
      [
        { path: 'Code.S3Key', before: '"old.zip"', after: '"new.zip"' },
        { path: 'Environment.Variables.A', before: '"1"', after: '"2"' },
        { path: 'Environment.Variables.B', before: '{"Ref":"Queue"}', after: '{"Ref":"Topic"}' },
        { path: 'Environment.Variables.C', before: undefined, after: '""' },
      ],
    ],
  ]);
});

test('templateDiff: a property that replaces its resource is told, and that the old one stays', () => {
  const [renamed] = changed(({ Topic }) => Object.assign(Topic?.Properties ?? {}, { TopicName: 'other' }));
  expect(renamed).toMatchObject({ isReplaced: true, isKept: true });
  const [widened] = changed(({ Topic }) => Object.assign(Topic?.Properties ?? {}, { PartitionCount: 6 }));
  expect(widened).toMatchObject({ isReplaced: false, isKept: false });
});

test('templateDiff: what is removed says whether it stays', () => {
  const changes = changed((resources) => {
    delete resources['Topic'];
    delete resources['Queue'];
  });
  expect(changes.map(({ kind, logicalId, isKept }) => [kind, logicalId, isKept])).toEqual([
    ['removed', 'Queue', false],
    ['removed', 'Topic', true],
  ]);
});

test('templateDiff: what another version of Headrace retained without exception is kept as well', () => {
  const before = structuredClone(BEFORE) as { Resources: Record<string, { DeletionPolicy?: string }> };
  Object.assign(before.Resources['Topic'] ?? {}, { DeletionPolicy: 'Retain' });
  const changes = templateDiff(before as unknown as Template, { Resources: {} });
  expect(changes.filter(({ isKept }) => isKept).map(({ logicalId }) => logicalId)).toEqual(['Topic']);
});

test('templateDiff: of a new stack everything is added', () => {
  const changes = templateDiff(undefined, BEFORE);
  expect(changes.map(({ kind }) => kind)).toEqual(['added', 'added', 'added']);
  expect(describeResources(changes, true)).toMatch(
    /^Resources of a new stack: 3 added, 0 changed, 0 removed\n {2}\+ Queue/,
  );
});

test('describeResources: names what changes, code in one word, and long values by their property', () => {
  const long = 'x'.repeat(100);
  const changes = changed(({ Sink, Topic }) => {
    Object.assign(Sink?.Properties ?? {}, { Code: { S3Bucket: 'b', S3Key: 'new.zip' } });
    Object.assign(Topic?.Properties ?? {}, { TopicName: long });
  });
  expect(describeResources(changes, false).split('\n')).toEqual([
    'Resources: 0 added, 2 changed, 0 removed',
    '  ~ Topic  AWS::MSK::Topic, replaced, the old one is kept',
    `      TopicName: "orders" → "${'x'.repeat(59)}…`,
    '  ~ Sink  AWS::Lambda::Function',
    '      code',
  ]);
});
