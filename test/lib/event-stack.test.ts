import { EventStack } from '../../lib/event-stack.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { contractOf, versionOf } from './contract-of.ts';
import { wildcardsOf } from './permissions.ts';
import { KEPT, maskedTemplate, ofType, only, testApp, variablesOf } from './synthesize.ts';

const contract = contractOf('order_created', { versions: [versionOf(1), versionOf(2), versionOf(3)] });

const app = testApp();
new EventStack(app, contract);
const template = maskedTemplate(app, 'Event-order-created');

test('EventStack renders this template for an event with three schema versions', () => {
  expect(template).toMatchSnapshot();
});

test('EventStack tags what it costs with the event and its owner', () => {
  // Tags of a stack are given to all of its resources when it is deployed.
  const { tags } = app.synth().getStackByName('Event-order-created');
  expect(tags).toEqual({ 'headrace:event': 'order_created', 'headrace:owner': 'checkout' });
});

test('EventStack has the outputs that operators and the laptop host read', () => {
  expect(Object.keys(template.Outputs).sort()).toEqual([
    'LakeBucketName',
    'LoadDeadLetterQueueUrl',
    'LoadQueueUrl',
    'LoaderFunctionName',
    'SinkFunctionName',
    'TopicName',
    'WarehouseUrl',
  ]);
});

test('EventStack needs no custom resource', () => {
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource')).toEqual(
    [],
  );
});

test('eventTopic keeps the topic when its stack is deleted or the topic replaced', () => {
  expect(only(template, 'AWS::MSK::Topic')).toMatchObject(KEPT);
});

test('eventTopic encodes its configuration in the form of a properties file', () => {
  const { Properties } = only(template, 'AWS::MSK::Topic');
  expect(Buffer.from(String(Properties['Configs']), 'base64').toString().split('\n')).toEqual([
    'cleanup.policy=delete',
    'retention.ms=604800000',
    'max.message.bytes=1048588',
  ]);
  expect(Properties).toMatchObject({ TopicName: 'order_created', PartitionCount: 3, ReplicationFactor: 3 });
});

test('RegisteredSchema registers the versions one after the other and keeps them', () => {
  const [schemaId] = ofType(template, 'AWS::Glue::Schema')[0] ?? [];
  const versions = ofType(template, 'AWS::Glue::SchemaVersion');
  expect(only(template, 'AWS::Glue::Schema')).toMatchObject({
    ...KEPT,
    Properties: { SchemaDefinition: contract.versions[0]?.definition, Compatibility: 'BACKWARD' },
  });
  expect(versions.map(([, { Properties }]) => Properties['SchemaDefinition'])).toEqual([
    contract.versions[1]?.definition,
    contract.versions[2]?.definition,
  ]);
  expect(versions.map(([, { DependsOn }]) => DependsOn)).toEqual([[schemaId], [versions[0]?.[0]]]);
  expect(versions.map(([, version]) => version)).toEqual(versions.map(() => expect.objectContaining(KEPT)));
});

test('Sink and catalog entry get the registry ids of all versions, oldest first', () => {
  const ids = [
    { 'Fn::GetAtt': [ofType(template, 'AWS::Glue::Schema')[0]?.[0], 'InitialSchemaVersionId'] },
    ...ofType(template, 'AWS::Glue::SchemaVersion').map(([id]) => ({ 'Fn::GetAtt': [id, 'VersionId'] })),
  ];
  const separator = expect.stringMatching(/^(,|",")$/);
  const inOrder = [ids[0], separator, ids[1], separator, ids[2]];
  expect(variablesOf(template, 'Sink')['SCHEMA_VERSION_IDS']).toEqual({ 'Fn::Join': [',', ids] });
  const entry = only(template, 'AWS::SSM::Parameter').Properties;
  expect(entry['Name']).toBe('/headrace/events/order_created');
  expect(entry['Value']).toEqual({ 'Fn::Join': ['', expect.arrayContaining(inOrder)] });
});

test('the catalog entry waits for everything else: what is rolled back was never told to the proxy', () => {
  const [[entryId, { DependsOn = [] }] = ['', { DependsOn: [] }]] = ofType(template, 'AWS::SSM::Parameter');
  const others = Object.keys(template.Resources).filter((id) => id !== entryId);
  expect([...DependsOn].sort()).toEqual(others.sort());
});

test('Lake keeps its bucket and the policy that guards it', () => {
  expect(only(template, 'AWS::S3::Bucket')).toMatchObject(KEPT);
  expect(only(template, 'AWS::S3::BucketPolicy')).toMatchObject(KEPT);
});

test('Lake is encrypted, closed to the public, and refuses plain HTTP', () => {
  const { Properties } = only(template, 'AWS::S3::Bucket');
  expect(Properties['PublicAccessBlockConfiguration']).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(Properties['BucketEncryption']).toBeDefined();
  expect(JSON.stringify(only(template, 'AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
});

test('Lake lets nothing expire that a commit names, and gives deleted objects back for a while', () => {
  const { Properties } = only(template, 'AWS::S3::Bucket');
  const { Rules } = Properties['LifecycleConfiguration'] as { Rules: Array<Record<string, unknown>> };
  expect(Rules.filter((rule) => 'ExpirationInDays' in rule).map(({ Prefix }) => Prefix)).toEqual(['manifests/']);
  expect(Rules[0]).toMatchObject({
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    ExpiredObjectDeleteMarker: true,
  });
  expect(Properties['VersioningConfiguration']).toEqual({ Status: 'Enabled' });
});

test('Sink has pollers of its own, in a group by the hash of the name, only where the contract asks for them', () => {
  const mapping = (of: CompiledContract) => {
    const ownApp = testApp();
    new EventStack(ownApp, of);
    return only(maskedTemplate(ownApp, 'Event-order-created'), 'AWS::Lambda::EventSourceMapping', 'Sink').Properties;
  };
  expect(mapping(contract)).not.toHaveProperty('ProvisionedPollerConfig');
  expect(mapping({ ...contract, sink: { pollersMax: 4 } })['ProvisionedPollerConfig']).toEqual({
    MinimumPollers: 1,
    MaximumPollers: 4,
    PollerGroupName: expect.stringMatching(/^headrace-[0-3]$/),
  });
});

test('Lake announces commits, and only commits, to the load queue, whose policy is there first', () => {
  const { Properties, DependsOn } = only(template, 'AWS::S3::Bucket');
  const [queueId] = ofType(template, 'AWS::SQS::Queue').find(([, queue]) => 'RedrivePolicy' in queue.Properties) ?? [];
  expect(Properties['NotificationConfiguration']).toEqual({
    QueueConfigurations: [
      {
        Event: 's3:ObjectCreated:*',
        Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'commits/' }] } },
        Queue: { 'Fn::GetAtt': [queueId, 'Arn'] },
      },
    ],
  });
  const policies = ofType(template, 'AWS::SQS::QueuePolicy').filter(([, policy]) =>
    JSON.stringify(policy).includes('s3.amazonaws.com'),
  );
  expect(policies).toHaveLength(1);
  expect(DependsOn).toContain(policies[0]?.[0]);
  expect(JSON.stringify(policies[0])).toContain('"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}');
});

test('LoadQueue gives a message five tries of six times the timeout of the loader, then keeps it as a dead letter', () => {
  const queues = ofType(template, 'AWS::SQS::Queue');
  const [deadLettersId] = queues.find(([, { Properties }]) => !('RedrivePolicy' in Properties)) ?? [];
  const queue = queues.find(([, { Properties }]) => 'RedrivePolicy' in Properties)?.[1].Properties;
  const loader = only(template, 'AWS::Lambda::Function', 'Loader').Properties;
  expect(queues).toHaveLength(2);
  expect(queue?.['RedrivePolicy']).toEqual({
    deadLetterTargetArn: { 'Fn::GetAtt': [deadLettersId, 'Arn'] },
    maxReceiveCount: 5,
  });
  expect(queue?.['VisibilityTimeout']).toBe(6 * Number(loader['Timeout']));
  expect(queues.map(([, { Properties }]) => Properties['SqsManagedSseEnabled'])).toEqual([true, true]);
});

test('Sink is triggered by its topic from the first record on, within half of the freshness', () => {
  expect(only(template, 'AWS::Lambda::EventSourceMapping', 'Sink').Properties).toMatchObject({
    EventSourceArn: { 'Fn::GetStackOutput': { StackName: 'Platform', OutputName: 'ClusterArn' } },
    Topics: ['order_created'],
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'headrace-sink-order_created' },
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 10_000,
    MaximumBatchingWindowInSeconds: 7,
  });
});

test('Loader is triggered by its queue and answers for each message', () => {
  expect(only(template, 'AWS::Lambda::EventSourceMapping', 'Loader').Properties).toMatchObject({
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
});

test('functions run on Node 24 on arm64, each with its own role and log group', () => {
  const functions = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties);
  expect(functions).toHaveLength(2);
  for (const properties of functions) {
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  }
  expect(new Set(functions.map((properties) => JSON.stringify(properties['Role']))).size).toBe(2);
  expect(new Set(functions.map((properties) => JSON.stringify(properties['LoggingConfig']))).size).toBe(2);
  expect(ofType(template, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties['RetentionInDays'])).toEqual([
    30, 30,
  ]);
});

test('permissions name their resource wherever there is a name', () => {
  expect(wildcardsOf(template)).toEqual([
    // Objects get their names at run time; the prefix says which they are.
    'LoaderRole may s3:GetObject on <LakeBucket.Arn>/commits/*',
    'LoaderRole may s3:GetObject on <LakeBucket.Arn>/data/*',
    'LoaderRole may s3:GetObject on <LakeBucket.Arn>/rejected/*',
    // A network interface has no name before it exists, and actions that describe have no resource level.
    'SinkRole may ec2:CreateNetworkInterface on *',
    'SinkRole may ec2:DeleteNetworkInterface on *',
    'SinkRole may ec2:DescribeNetworkInterfaces on *',
    'SinkRole may ec2:DescribeSecurityGroups on *',
    'SinkRole may ec2:DescribeSubnets on *',
    'SinkRole may ec2:DescribeVpcs on *',
    'SinkRole may s3:AbortMultipartUpload on <LakeBucket.Arn>/data/*',
    'SinkRole may s3:GetObject on <LakeBucket.Arn>/commits/*',
    'SinkRole may s3:GetObject on <LakeBucket.Arn>/compactions/*',
    'SinkRole may s3:GetObject on <LakeBucket.Arn>/data/*',
    'SinkRole may s3:PutObject on <LakeBucket.Arn>/commits/*',
    'SinkRole may s3:PutObject on <LakeBucket.Arn>/compactions/*',
    'SinkRole may s3:PutObject on <LakeBucket.Arn>/data/*',
    'SinkRole may s3:PutObject on <LakeBucket.Arn>/rejected/*',
  ]);
});
