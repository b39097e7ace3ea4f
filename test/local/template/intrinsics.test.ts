// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's placeholders, in plain text.
import type { TemplateValue } from '../../../local/assembly.ts';
import { references, resolve, type StackScope } from '../../../local/template/intrinsics.ts';

const scope: StackScope = {
  stackName: 'Stack',
  template: {
    Mappings: { Sizes: { small: { memory: 128 } } },
    Conditions: {
      IsHere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
      IsBoth: { 'Fn::And': [{ Condition: 'IsHere' }, { 'Fn::Not': [{ Condition: 'IsHere' }] }] },
    },
    Parameters: {
      Version: { Default: '6' },
      Bare: {},
      FromSsm: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/name' },
    },
  },
  resources: new Map([['Queue', { ref: 'http://queue', attributes: { Arn: 'arn:aws:sqs:q', 'Endpoint.Port': '1' } }]]),
  outputs: { Platform: { ClusterArn: 'arn:aws:kafka:c' } },
  exports: new Map([['Shared', 'value']]),
};

test.each<[string, TemplateValue, unknown]>([
  ['Ref of a resource', { Ref: 'Queue' }, 'http://queue'],
  ['Ref of a parameter', { Ref: 'Version' }, '6'],
  ['pseudo parameters', [{ Ref: 'AWS::AccountId' }, { Ref: 'AWS::Partition' }], ['000000000000', 'aws']],
  ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:q'],
  ['Fn::GetAtt as text with dots', { 'Fn::GetAtt': 'Queue.Endpoint.Port' }, '1'],
  ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] }, 'a-us-east-1'],
  ['Fn::Split and Fn::Select', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b'] }] }, 'b'],
  [
    'Fn::Sub',
    { 'Fn::Sub': '${AWS::StackName}/${Queue}/${Queue.Arn}/${!kept}' },
    'Stack/http://queue/arn:aws:sqs:q/${kept}',
  ],
  ['Fn::Sub with variables', { 'Fn::Sub': ['${Name}!', { Name: { Ref: 'Version' } }] }, '6!'],
  ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
  ['Fn::If', { 'Fn::If': ['IsHere', 'yes', { Ref: 'Missing' }] }, 'yes'],
  ['conditions of conditions', { 'Fn::If': ['IsBoth', 1, 2] }, 2],
  ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
  ['AWS::NoValue in a list', [{ 'Fn::If': ['IsBoth', 1, { Ref: 'AWS::NoValue' }] }, 3], [3]],
  ['Fn::ImportValue', { 'Fn::ImportValue': 'Shared' }, 'value'],
  [
    'Fn::GetStackOutput',
    { 'Fn::GetStackOutput': { StackName: 'Platform', OutputName: 'ClusterArn' } },
    'arn:aws:kafka:c',
  ],
  ['an object that only looks like a function', { Ref: 'not alone', other: 1 }, { Ref: 'not alone', other: 1 }],
])('resolve knows %s', (_, value, expected) => {
  expect(resolve(value, scope)).toEqual(expected);
});

test.each<[string, TemplateValue, string]>([
  ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, 'does not know the function Fn::Cidr'],
  ['an unknown reference', { Ref: 'Nothing' }, 'refers to "Nothing"'],
  ['a parameter without a default', { Ref: 'Bare' }, 'refers to "Bare"'],
  ['a parameter that CloudFormation reads from SSM', { Ref: 'FromSsm' }, 'reads from SSM'],
  ['an attribute that is not provided', { 'Fn::GetAtt': ['Queue', 'Colour'] }, 'reads Queue.Colour'],
  [
    'a stack that is not in the assembly',
    { 'Fn::GetStackOutput': { StackName: 'Other', OutputName: 'X' } },
    'stack Other',
  ],
  ['an unknown export', { 'Fn::ImportValue': 'Nothing' }, 'exports "Nothing"'],
  ['a mapping that lacks the key', { 'Fn::FindInMap': ['Sizes', 'large', 'memory'] }, 'no Sizes.large.memory'],
  ['a selection beyond the list', { 'Fn::Select': ['2', ['a', 'b']] }, 'beyond a list of 2'],
  ['an unknown condition', { 'Fn::If': ['Nowhere', 1, 2] }, 'no condition "Nowhere"'],
])('resolve refuses %s', (_, value, reason) => {
  expect(() => resolve(value, scope)).toThrow(reason);
});

test('references finds what a value depends on, also inside Fn::Sub', () => {
  const value = {
    list: [{ Ref: 'A' }, { 'Fn::GetAtt': ['B', 'Arn'] }],
    text: { 'Fn::Sub': ['${C.Arn} ${own} ${!not}', { own: { Ref: 'D' } }] },
  };
  expect(references(value)).toEqual(['A', 'B', 'C', 'D']);
});
