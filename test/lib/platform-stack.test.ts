import { STAGES, type Stage } from '../../lib/config.ts';
import { PlatformStack } from '../../lib/platform-stack.ts';
import { wildcardsOf } from './permissions.ts';
import { KEPT, maskedTemplate, ofType, only, type Template, testApp, variablesOf } from './synthesize.ts';

const app = testApp();
const stack = new PlatformStack(app);
const template = maskedTemplate(app, 'Platform');

function templateOf(stage: Stage): Template {
  const ownApp = testApp();
  new PlatformStack(ownApp, stage);
  return maskedTemplate(ownApp, 'Platform');
}

test('PlatformStack renders this template', () => {
  expect(template).toMatchSnapshot();
});

test('PlatformStack cannot be deleted by mistake, and keeps the registry, with which all schemas would go', () => {
  expect(stack.terminationProtection).toBe(true);
  expect(only(template, 'AWS::Glue::Registry')).toMatchObject(KEPT);
});

test('PlatformStack has the outputs, under fixed ids, that deployed event stacks name', () => {
  expect(Object.keys(template.Outputs).sort()).toEqual([
    'AlarmTopicArn',
    'BootstrapBrokers',
    'ClusterArn',
    'ConsumerGroupArnPrefix',
    'FunctionSecurityGroupId',
    'FunctionSubnetId1',
    'FunctionSubnetId2',
    'FunctionSubnetId3',
    'IngestUrl',
    'RedshiftAdminSecretArn',
    'RedshiftSecretArn',
    'RedshiftWorkgroupArn',
    'SchemaRegistryArn',
    'SnowflakeSecretArn',
    'TopicArnPrefix',
    'WarehouseBucketName',
    'WarehouseReaderRoleArn',
  ]);
});

test('KafkaCluster is encrypted with a key that rotates, and both outlive the stack', () => {
  const cluster = only(template, 'AWS::MSK::Cluster');
  const [keyId] = ofType(template, 'AWS::KMS::Key')[0] ?? [];
  expect(cluster.Properties['EncryptionInfo']).toMatchObject({
    EncryptionAtRest: { DataVolumeKMSKeyId: { 'Fn::GetAtt': [keyId, 'Arn'] } },
  });
  expect(cluster).toMatchObject(KEPT);
  expect(only(template, 'AWS::KMS::Key')).toMatchObject({
    ...KEPT,
    Properties: { EnableKeyRotation: true },
  });
});

test('KafkaCluster of Standard brokers has volumes, broker logs, and the settings that Express brokers fix', () => {
  const standard = templateOf(STAGES.sandbox);
  const { Properties } = only(standard, 'AWS::MSK::Cluster');
  const [configurationId] = ofType(standard, 'AWS::MSK::Configuration')[0] ?? [];
  expect(Properties).toMatchObject({
    BrokerNodeGroupInfo: {
      InstanceType: 'kafka.t3.small',
      StorageInfo: { EBSStorageInfo: { VolumeSize: STAGES.sandbox.broker.volumeGb } },
    },
    ConfigurationInfo: { Arn: { 'Fn::GetAtt': [configurationId, 'Arn'] } },
    LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
  });
  expect(String(only(standard, 'AWS::MSK::Configuration').Properties['ServerProperties']).split('\n')).toEqual([
    'auto.create.topics.enable=false',
    'default.replication.factor=3',
    'min.insync.replicas=2',
    'unclean.leader.election.enable=false',
  ]);
  expect(ofType(template, 'AWS::MSK::Configuration')).toEqual([]);
});

test.each(Object.entries(STAGES))('KafkaCluster of %s lets in IAM identities over TLS and nobody else', (_, stage) => {
  const { Properties } = only(templateOf(stage), 'AWS::MSK::Cluster');
  expect(Properties['ClientAuthentication']).toEqual({
    Sasl: { Iam: { Enabled: true } },
    Unauthenticated: { Enabled: false },
  });
  expect(Properties['EncryptionInfo']).toMatchObject({
    EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
  });
  expect(Properties['BrokerNodeGroupInfo']).not.toHaveProperty('ConnectivityInfo');
});

test('KafkaCluster has a broker in each of three zones', () => {
  const { Properties } = only(template, 'AWS::MSK::Cluster');
  const zones = ofType(template, 'AWS::EC2::Subnet').map(([, subnet]) => subnet.Properties['AvailabilityZone']);
  expect(Properties['BrokerNodeGroupInfo']).toMatchObject({
    InstanceType: 'express.m7g.large',
    ClientSubnets: ofType(template, 'AWS::EC2::Subnet').map(([id]) => ({ Ref: id })),
  });
  expect(zones).toEqual([0, 1, 2].map((zone) => ({ 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] })));
});

test('Network has no way in from the internet, nor out to it', () => {
  for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway', 'AWS::EC2::Route', 'AWS::EC2::EIP']) {
    expect(ofType(template, type)).toEqual([]);
  }
  const groups = ofType(template, 'AWS::EC2::SecurityGroup').map(([, { Properties }]) => Properties);
  expect(groups.flatMap((group) => (group['SecurityGroupIngress'] ?? []) as unknown[])).toEqual([]);
  for (const [, { Properties }] of ofType(template, 'AWS::EC2::SecurityGroupIngress')) {
    expect(Properties).toHaveProperty('SourceSecurityGroupId');
  }
});

test('Network outlives the stack with the cluster, which would be cut off without it', () => {
  const kinds = ['VPC', 'Subnet', 'RouteTable', 'SubnetRouteTableAssociation', 'VPCEndpoint', 'SecurityGroup'];
  for (const type of [...kinds, 'SecurityGroupIngress'].map((kind) => `AWS::EC2::${kind}`)) {
    const parts = ofType(template, type).filter(([id]) => id.startsWith('Network'));
    expect(parts.map(([, part]) => part)).toEqual(parts.map(() => expect.objectContaining(KEPT)));
    expect(parts).not.toEqual([]);
  }
  expect(only(template, 'AWS::EC2::FlowLog')).not.toHaveProperty('DeletionPolicy');
});

test('Network logs what was refused inside it', () => {
  expect(only(template, 'AWS::EC2::FlowLog').Properties).toMatchObject({
    ResourceType: 'VPC',
    TrafficType: 'REJECT',
    LogDestinationType: 'cloud-watch-logs',
  });
});

test('Network lets pollers, the proxy and functions of events reach the IAM listener of the brokers, and nothing else reach them', () => {
  const idOf = (start: string) => {
    const [id] = ofType(template, 'AWS::EC2::SecurityGroup').find(([name]) => name.startsWith(start)) ?? [];
    return { 'Fn::GetAtt': [id, 'GroupId'] };
  };
  const rules = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties);
  const brokers = idOf('NetworkClusterSecurityGroup');
  const iamListener = { IpProtocol: 'tcp', FromPort: 9098, ToPort: 9098, GroupId: brokers };
  expect(rules.filter(({ GroupId }) => JSON.stringify(GroupId) === JSON.stringify(brokers))).toEqual([
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: brokers }),
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: idOf('NetworkProxySecurityGroup') }),
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: idOf('NetworkFunctionSecurityGroup') }),
  ]);
  expect(only(template, 'AWS::MSK::Cluster').Properties['BrokerNodeGroupInfo']).toMatchObject({
    SecurityGroups: [brokers],
  });
});

test('Network has the endpoints that pollers (Lambda, STS) and the proxy (SSM, SQS, S3) need', () => {
  const endpoints = ofType(template, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties);
  const services = endpoints.map((endpoint) => /\.(\w+)"/.exec(JSON.stringify(endpoint['ServiceName']))?.[1]);
  expect(services.sort()).toEqual(['lambda', 's3', 'sqs', 'ssm', 'sts']);
});

test('Network takes a VPC that exists, by ids and without looking anything up', () => {
  const ids = (name: string) => ['a', 'b', 'c'].map((zone) => `${name}-${zone}`);
  const plan = { vpcId: 'vpc-1', subnetIds: ids('subnet'), routeTableIds: ids('rtb'), availabilityZones: ids('zone') };
  const existing = templateOf({ ...STAGES.production, network: { ...plan, endpoints: 'add' } });
  for (const type of ['VPC', 'Subnet', 'RouteTable', 'FlowLog']) {
    expect(ofType(existing, `AWS::EC2::${type}`)).toEqual([]);
  }
  expect(only(existing, 'AWS::MSK::Cluster').Properties['BrokerNodeGroupInfo']).toMatchObject({
    ClientSubnets: plan.subnetIds,
  });
  expect(['1', '2', '3'].map((zone) => existing.Outputs[`FunctionSubnetId${zone}`]?.Value)).toEqual(plan.subnetIds);
  const endpoints = ofType(existing, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties);
  expect(endpoints.map(({ SubnetIds, RouteTableIds }) => SubnetIds ?? RouteTableIds)).toEqual([
    plan.routeTableIds,
    plan.subnetIds,
    plan.subnetIds,
    plan.subnetIds,
    plan.subnetIds,
  ]);
  const reaching = templateOf({ ...STAGES.production, network: { ...plan, endpoints: 'there' } });
  expect(ofType(reaching, 'AWS::EC2::VPCEndpoint')).toEqual([]);
});

test('IngestApi takes events from callers that sign with IAM only', () => {
  const routes = ofType(template, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties);
  expect(routes.map((route) => [route['RouteKey'], route['AuthorizationType']])).toEqual([
    ['POST /v1/events', 'AWS_IAM'],
  ]);
});

test.each(Object.entries(STAGES))(
  'IngestApi of %s throttles, and logs each request without its content',
  (_, stage) => {
    const { Properties } = only(templateOf(stage), 'AWS::ApiGatewayV2::Stage');
    expect(Properties).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: {
        ThrottlingRateLimit: stage.throttle.requestsPerSecond,
        ThrottlingBurstLimit: stage.throttle.burst,
      },
    });
    const { Format } = Properties['AccessLogSettings'] as { Format: string };
    expect(Object.keys(JSON.parse(Format) as object)).toEqual(
      expect.arrayContaining(['requestId', 'caller', 'route', 'status']),
    );
  },
);

test('IngestApi bounds the environments of the proxy below the 100 connections a second that a broker takes', () => {
  const { Properties } = only(template, 'AWS::Lambda::Function', 'IngestProxy');
  expect(Properties['ReservedConcurrentExecutions']).toBeLessThan(100);
  expect(Properties['ReservedConcurrentExecutions']).toBeGreaterThan(0);
  expect(Properties['Timeout']).toBeLessThan(30);
});

test('IngestApi reserves nothing in the sandbox: a new account has too few concurrent executions for that', () => {
  const proxy = only(templateOf(STAGES.sandbox), 'AWS::Lambda::Function', 'IngestProxy');
  expect(proxy.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
});

test('Relay takes messages of the queue that the proxy fills, and answers for each', () => {
  const mapping = only(template, 'AWS::Lambda::EventSourceMapping', 'Relay').Properties;
  const queue = (mapping['EventSourceArn'] as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0];
  expect(mapping).toMatchObject({ BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  expect(variablesOf(template, 'IngestProxy')['RELAY_QUEUE_URL']).toEqual({ Ref: queue });
  expect(template.Resources[queue ?? '']?.Properties).toHaveProperty('RedrivePolicy');
});

test('Relay keeps what was answered for when the stack goes', () => {
  const queues = ofType(template, 'AWS::SQS::Queue').map(([, queue]) => queue);
  expect(queues).toEqual([expect.objectContaining(KEPT), expect.objectContaining(KEPT)]);
});

test('BootstrapBrokers is the only custom resource, and the proxy starts from its answer', () => {
  const custom = Object.entries(template.Resources).filter(([, { Type }]) => Type.startsWith('Custom::'));
  expect(custom.map(([, { Type }]) => Type)).toEqual(['Custom::BootstrapBrokers']);
  const variables = variablesOf(template, 'IngestProxy');
  expect(variables['KAFKA_BROKERS']).toEqual({ 'Fn::GetAtt': [custom[0]?.[0], 'BootstrapBrokers'] });
  expect(variables['KAFKA_CLIENT_PROPERTIES']).toBe('security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM');
});

test('Warehouses are those of the stage, and what they hold outlives the stack', () => {
  const none = templateOf({ ...STAGES.production, warehouses: [] });
  const types = ['RedshiftServerless::Namespace', 'SecretsManager::Secret', 'Glue::Database', 'Athena::WorkGroup'];
  for (const type of types.map((kind) => `AWS::${kind}`)) {
    expect(ofType(none, type)).toEqual([]);
    for (const [, resource] of ofType(template, type)) {
      expect(resource).toMatchObject(KEPT);
    }
  }
  expect(Object.keys(none.Outputs).filter((id) => /Redshift|Snowflake|Warehouse/.test(id))).toEqual([]);
});

test('Warehouses let COPY take the role of the reader as it is documented, without telling whose it is', () => {
  const { AssumeRolePolicyDocument: trust } = only(template, 'AWS::IAM::Role', 'WarehousesReader').Properties;
  expect((trust as { Statement: unknown }).Statement).toEqual([
    {
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: ['redshift-serverless.amazonaws.com', 'redshift.amazonaws.com'] },
    },
  ]);
});

test('Warehouses keep Redshift off the internet and its password out of the template', () => {
  expect(only(template, 'AWS::RedshiftServerless::Workgroup').Properties).toMatchObject({
    PubliclyAccessible: false,
    EnhancedVpcRouting: true,
  });
  const password = JSON.stringify(only(template, 'AWS::RedshiftServerless::Namespace').Properties['AdminUserPassword']);
  expect(password).toMatch(/\{\{resolve:secretsmanager:.*:SecretString:password::\}\}/);
});

test('Warehouses give loaders a user of Redshift that is not its admin, and nothing may read the admin’s secret', () => {
  const namespace = only(template, 'AWS::RedshiftServerless::Namespace').Properties;
  const users = ofType(template, 'AWS::SecretsManager::Secret').map(([id, { Properties }]) => {
    const { SecretStringTemplate: user = '{}' } = Properties['GenerateSecretString'] as {
      SecretStringTemplate?: string;
    };
    return [id, (JSON.parse(user) as { username?: string }).username] as const;
  });
  const admin = users.find(([id]) => id.startsWith('WarehousesRedshiftAdmin'));
  const loader = users.find(([id]) => id.startsWith('WarehousesRedshiftUser'));
  expect(admin?.[1]).toBe(namespace['AdminUsername']);
  expect(loader?.[1]).toBe('headrace_loader');
  expect(template.Outputs['RedshiftSecretArn']).toMatchObject({ Value: { Ref: loader?.[0] } });
  expect(JSON.stringify(namespace)).not.toContain(loader?.[0]);
  expect(JSON.stringify(ofType(template, 'AWS::IAM::Policy'))).not.toContain(admin?.[0]);
});

test('permissions name their resource wherever there is a name', () => {
  const topics =
    '{part 0 of <KafkaCluster.Arn> split at :cluster/}:topic/{part 1 of <KafkaCluster.Arn> split at :cluster/}';
  const contracts = 'arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>';
  const entries = 'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/headrace/events';
  expect(wildcardsOf(template)).toEqual([
    // A network interface has no name before it exists, and actions that describe have no resource level.
    'IngestProxyRole may ec2:CreateNetworkInterface on *',
    'IngestProxyRole may ec2:DeleteNetworkInterface on *',
    'IngestProxyRole may ec2:DescribeNetworkInterfaces on *',
    'IngestProxyRole may ec2:DescribeSecurityGroups on *',
    'IngestProxyRole may ec2:DescribeSubnets on *',
    'IngestProxyRole may ec2:DescribeVpcs on *',
    // A new event needs no deployment of the platform, so the proxy may reach events that it does not know yet.
    `IngestProxyRole may kafka-cluster:DescribeTopic on ${topics}/*`,
    `IngestProxyRole may kafka-cluster:WriteData on ${topics}/*`,
    `IngestProxyRole may s3:GetObject on ${contracts}/*.json`,
    `IngestProxyRole may ssm:GetParameter on ${entries}/*`,
    // The key's own policy: "*" is that key, and the account's IAM decides who uses it.
    'KafkaKey may kms:* on *',
    // The relay writes what the proxy would.
    'RelayRole may ec2:CreateNetworkInterface on *',
    'RelayRole may ec2:DeleteNetworkInterface on *',
    'RelayRole may ec2:DescribeNetworkInterfaces on *',
    'RelayRole may ec2:DescribeSecurityGroups on *',
    'RelayRole may ec2:DescribeSubnets on *',
    'RelayRole may ec2:DescribeVpcs on *',
    `RelayRole may kafka-cluster:DescribeTopic on ${topics}/*`,
    `RelayRole may kafka-cluster:WriteData on ${topics}/*`,
  ]);
});
