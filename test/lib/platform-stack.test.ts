import { PlatformStack } from '../../lib/platform-stack.ts';
import { wildcardsOf } from './permissions.ts';
import { maskedTemplate, ofType, only, testApp, variablesOf } from './synthesize.ts';

const app = testApp();
const stack = new PlatformStack(app);
const template = maskedTemplate(app, 'Platform');

test('PlatformStack renders this template', () => {
  expect(template).toMatchSnapshot();
});

test('PlatformStack cannot be deleted by mistake', () => {
  expect(stack.terminationProtection).toBe(true);
});

test('PlatformStack has the outputs, under fixed ids, that deployed event stacks name', () => {
  expect(Object.keys(template.Outputs).sort()).toEqual([
    'BootstrapBrokers',
    'ClusterArn',
    'ConsumerGroupArnPrefix',
    'FunctionSecurityGroupId',
    'FunctionSubnetIds',
    'IngestUrl',
    'SchemaRegistryArn',
    'TopicArnPrefix',
  ]);
});

test('KafkaCluster lets in IAM identities over TLS and nobody else', () => {
  const { Properties } = only(template, 'AWS::MSK::Cluster');
  expect(Properties['ClientAuthentication']).toEqual({
    Sasl: { Iam: { Enabled: true } },
    Unauthenticated: { Enabled: false },
  });
  expect(Properties['EncryptionInfo']).toEqual({ EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } });
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
  const ingress = groups.flatMap((group) => (group['SecurityGroupIngress'] ?? []) as Array<Record<string, unknown>>);
  const [vpcId] = ofType(template, 'AWS::EC2::VPC')[0] ?? [];
  expect(ingress).toHaveLength(3);
  for (const rule of ingress) {
    expect(rule).toMatchObject({ CidrIp: { 'Fn::GetAtt': [vpcId, 'CidrBlock'] }, FromPort: 443, ToPort: 443 });
  }
});

test('Network lets pollers, the proxy and functions of events reach the IAM listener of the brokers, and nothing else reach them', () => {
  const idOf = (start: string) => {
    const [id] = ofType(template, 'AWS::EC2::SecurityGroup').find(([name]) => name.startsWith(start)) ?? [];
    return { 'Fn::GetAtt': [id, 'GroupId'] };
  };
  const rules = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties);
  const brokers = idOf('NetworkClusterSecurityGroup');
  const iamListener = { IpProtocol: 'tcp', FromPort: 9098, ToPort: 9098, GroupId: brokers };
  expect(rules).toEqual([
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: brokers }),
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: idOf('NetworkProxySecurityGroup') }),
    expect.objectContaining({ ...iamListener, SourceSecurityGroupId: idOf('NetworkFunctionSecurityGroup') }),
  ]);
  expect(only(template, 'AWS::MSK::Cluster').Properties['BrokerNodeGroupInfo']).toMatchObject({
    SecurityGroups: [brokers],
  });
});

test('Network has the endpoints that pollers (Lambda, STS) and the proxy (SSM, S3) need', () => {
  const endpoints = ofType(template, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties);
  const services = endpoints.map((endpoint) => /\.(\w+)"/.exec(JSON.stringify(endpoint['ServiceName']))?.[1]);
  expect(services.sort()).toEqual(['lambda', 's3', 'ssm', 'sts']);
});

test('IngestApi takes events from callers that sign with IAM only', () => {
  const routes = ofType(template, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties);
  expect(routes.map((route) => [route['RouteKey'], route['AuthorizationType']])).toEqual([
    ['POST /v1/events', 'AWS_IAM'],
  ]);
});

test('IngestApi bounds the environments of the proxy below the 100 connections a second that a broker takes', () => {
  const { Properties } = only(template, 'AWS::Lambda::Function', 'IngestProxy');
  expect(Properties['ReservedConcurrentExecutions']).toBeLessThan(100);
  expect(Properties['ReservedConcurrentExecutions']).toBeGreaterThan(0);
  expect(Properties['Timeout']).toBeLessThan(30);
});

test('BootstrapBrokers is the only custom resource, and the proxy starts from its answer', () => {
  const custom = Object.entries(template.Resources).filter(([, { Type }]) => Type.startsWith('Custom::'));
  expect(custom.map(([, { Type }]) => Type)).toEqual(['Custom::BootstrapBrokers']);
  const variables = variablesOf(template, 'IngestProxy');
  expect(variables['KAFKA_BROKERS']).toEqual({ 'Fn::GetAtt': [custom[0]?.[0], 'BootstrapBrokers'] });
  expect(variables['KAFKA_CLIENT_PROPERTIES']).toBe('security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM');
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
  ]);
});
