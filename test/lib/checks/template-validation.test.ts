import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IPolicyValidationContext } from 'aws-cdk-lib/core';
import { addStacks } from '../../../lib/add-stacks.ts';
import { TemplateValidation } from '../../../lib/checks/template-validation.ts';
import { testApp, testFolder } from '../synthesize.ts';

const EVENT = 'Event-order-created';
const PLATFORM = 'Platform';

const app = testApp({ stage: 'sandbox' });
addStacks(app);
const { directory } = app.synth();
const validation = new TemplateValidation();

/** What is found in a stack's template, as `rule: message`. */
const findings = (stack: string, template: string): string[] => findingsOfAll({ [stack]: template });

function findingsOfAll(templates: Readonly<Record<string, string>>): string[] {
  const folder = testFolder();
  const stackTemplates = Object.entries(templates).map(([stack, template]) => {
    const templatePath = join(folder, `${stack}.template.json`);
    writeFileSync(templatePath, template);
    return { stackConstructPath: stack, templatePath, accountId: undefined, region: undefined };
  });
  const templatePaths = stackTemplates.map(({ templatePath }) => templatePath);
  const context = { stackTemplates, templatePaths, appConstruct: app } as IPolicyValidationContext;
  return validation.validate(context).violations.map(({ ruleName, description }) => `${ruleName}: ${description}`);
}

const templateOf = (stack: string): string => readFileSync(join(directory, `${stack}.template.json`), 'utf8');

type Node = { [name: string]: unknown };

/** The template with the value in all resources of the type; undefined removes what is there. */
function withChange(template: string, type: string, path: string, value: unknown): string {
  const changed = JSON.parse(template) as { Resources: Record<string, Node> };
  const resources = Object.values(changed.Resources).filter(({ Type }) => Type === type);
  const names = path.split('.');
  expect(resources.length).toBeGreaterThan(0);
  for (const resource of resources) {
    const parent = names.slice(0, -1).reduce((node, name) => node[name] as Node, resource);
    parent[names.at(-1) ?? ''] = value;
  }
  return JSON.stringify(changed);
}

test.each([EVENT, PLATFORM])('TemplateValidation finds nothing in %s', (stack) => {
  expect(findings(stack, templateOf(stack))).toEqual([]);
});

const anywhere = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }];
const firstStatement = 'Properties.Policies.0.PolicyDocument.Statement.0.Action';

const MISTAKES: Array<[rule: string, stack: string, type: string, path: string, value: unknown]> = [
  ['bucket_is_closed', EVENT, 'AWS::S3::Bucket', 'Properties.PublicAccessBlockConfiguration.BlockPublicPolicy', false],
  ['bucket_is_closed', EVENT, 'AWS::S3::Bucket', 'Properties.BucketEncryption', undefined],
  ['bucket_is_closed', EVENT, 'AWS::S3::Bucket', 'Properties.LifecycleConfiguration', undefined],
  ['data_outlives_its_stack', EVENT, 'AWS::S3::Bucket', 'DeletionPolicy', 'Delete'],
  ['data_outlives_its_stack', EVENT, 'AWS::MSK::Topic', 'UpdateReplacePolicy', 'Delete'],
  ['data_outlives_its_stack', EVENT, 'AWS::Glue::Schema', 'DeletionPolicy', undefined],
  ['data_outlives_its_stack', EVENT, 'AWS::MSK::Topic', 'DeletionPolicy', 'Retain'],
  ['data_outlives_its_stack', PLATFORM, 'AWS::Glue::Registry', 'DeletionPolicy', undefined],
  ['data_outlives_its_stack', PLATFORM, 'AWS::EC2::Subnet', 'DeletionPolicy', 'Delete'],
  ['data_outlives_its_stack', PLATFORM, 'AWS::MSK::Cluster', 'DeletionPolicy', 'Snapshot'],
  ['data_outlives_its_stack', PLATFORM, 'AWS::KMS::Key', 'UpdateReplacePolicy', undefined],
  ['actions_are_named', EVENT, 'AWS::IAM::Role', firstStatement, 's3:*'],
  ['actions_are_named', EVENT, 'AWS::IAM::Role', firstStatement, ['s3:GetObject', 's3:Put*']],
  ['actions_are_named', EVENT, 'AWS::IAM::Role', firstStatement, ['iam:PassRole']],
  ['roles_are_bounded', EVENT, 'AWS::IAM::Role', 'Properties.PermissionsBoundary', undefined],
  ['keys_rotate', PLATFORM, 'AWS::KMS::Key', 'Properties.EnableKeyRotation', undefined],
  ['functions_are_alike', EVENT, 'AWS::Lambda::Function', 'Properties.Runtime', 'nodejs22.x'],
  ['functions_are_alike', EVENT, 'AWS::Lambda::Function', 'Properties.Architectures', ['x86_64']],
  ['functions_are_alike', EVENT, 'AWS::Lambda::Function', 'Properties.LoggingConfig', undefined],
  ['logs_end', EVENT, 'AWS::Logs::LogGroup', 'Properties.RetentionInDays', undefined],
  ['routes_know_their_callers', PLATFORM, 'AWS::ApiGatewayV2::Route', 'Properties.AuthorizationType', 'NONE'],
  ['cluster_is_closed', PLATFORM, 'AWS::MSK::Cluster', 'Properties.ClientAuthentication.Unauthenticated', undefined],
  [
    'cluster_is_closed',
    PLATFORM,
    'AWS::MSK::Cluster',
    'Properties.EncryptionInfo.EncryptionInTransit.ClientBroker',
    'TLS_PLAINTEXT',
  ],
  ['cluster_is_closed', PLATFORM, 'AWS::MSK::Cluster', 'Properties.EncryptionInfo.EncryptionAtRest', undefined],
  [
    'cluster_is_closed',
    PLATFORM,
    'AWS::MSK::Cluster',
    'Properties.BrokerNodeGroupInfo.ConnectivityInfo',
    { PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } },
  ],
  ['ingress_is_from_groups', PLATFORM, 'AWS::EC2::SecurityGroupIngress', 'Properties.SourceSecurityGroupId', undefined],
  ['inline_ingress_is_from_groups', PLATFORM, 'AWS::EC2::SecurityGroup', 'Properties.SecurityGroupIngress', anywhere],
  ['queue_has_dead_letters', EVENT, 'AWS::SQS::Queue', 'Properties.RedrivePolicy', undefined],
  ['visibility_outlasts_function', EVENT, 'AWS::SQS::Queue', 'Properties.VisibilityTimeout', 719],
  ['sink_repeats_without_end', EVENT, 'AWS::Lambda::EventSourceMapping', 'Properties.DestinationConfig', {}],
  ['environment_is_small', EVENT, 'AWS::Lambda::Function', 'Properties.Environment.Variables.LONG', 'a'.repeat(4_000)],
  ['template_fits', EVENT, 'AWS::MSK::Topic', 'Properties.Configs', 'a'.repeat(1_000_000)],
];

test.each(MISTAKES)('%s refuses a change of %s: %s %s', (rule, stack, type, path, value) => {
  const found = findings(stack, withChange(templateOf(stack), type, path, value));
  expect(found).toContainEqual(expect.stringMatching(new RegExp(`^headrace_${rule}: .*Cannot .*: `)));
});

test('TemplateValidation finds the one template that is too large among those of one shape, wherever it stands', () => {
  const small = templateOf(EVENT);
  const large = withChange(small, 'AWS::Glue::Schema', 'Properties.SchemaDefinition', 'a'.repeat(1_000_000))
    .replaceAll('order_created', 'parcel_sent')
    .replaceAll('order-created', 'parcel-sent');
  const found = [expect.stringMatching(/^headrace_template_fits: Cannot deploy "Event-parcel-sent": .* 1\d+ bytes/)];
  const own = (templates: Record<string, string>) =>
    findingsOfAll(templates).filter((finding) => finding.startsWith('headrace_'));
  expect(own({ [EVENT]: small, 'Event-parcel-sent': large })).toEqual(found);
  expect(own({ 'Event-parcel-sent': large, [EVENT]: small })).toEqual(found);
});

test('every Guard rule is shown to refuse something', () => {
  const rules = readFileSync('lib/checks/rules.guard', 'utf8').matchAll(/^rule headrace_(\w+)/gm);
  expect([...rules].map(([, name]) => name).filter((name) => !MISTAKES.some(([rule]) => rule === name))).toEqual([]);
});

test('TemplateValidation keeps the rules that CDK brings', () => {
  const wrong = withChange(templateOf(EVENT), 'AWS::SQS::Queue', 'Properties.VisibilityTimeout', 'soon');
  expect(findings(EVENT, wrong)).toContainEqual(expect.stringContaining('VisibilityTimeout'));
});
