/** What CloudFormation must be allowed to do to deploy the stacks, and no more: the policies of its execution role. */

/** Some actions that resources of some types need. */
interface Grant {
  readonly sid: string;
  /** The resource types whose creation, update or deletion takes these actions. */
  readonly types: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: ReadonlyArray<{
    readonly Sid: string;
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
    readonly Condition?: Readonly<Record<string, unknown>>;
  }>;
}

const arn = (service: string, resource: string): string => `arn:aws:${service}:*:*:${resource}`;
/** Names that CloudFormation makes begin with their stack's. */
const ofStacks = (service: string, prefix = ''): string[] =>
  ['Platform', 'Event'].map((stack) => arn(service, `${prefix}${stack}-*`));

const COMPUTE: readonly Grant[] = [
  {
    sid: 'Functions',
    types: ['AWS::Lambda::Function', 'AWS::Lambda::Permission', 'Custom::BootstrapBrokers'],
    actions: [
      ...['AddPermission', 'CreateFunction', 'DeleteFunction', 'DeleteFunctionConcurrency', 'GetFunction'],
      ...['GetFunctionCodeSigningConfig', 'GetFunctionConfiguration', 'GetFunctionRecursionConfig', 'GetPolicy'],
      ...['InvokeFunction', 'ListTags', 'PutFunctionConcurrency', 'RemovePermission', 'TagResource', 'UntagResource'],
      ...['UpdateFunctionCode', 'UpdateFunctionConfiguration'],
    ].map((action) => `lambda:${action}`),
    resources: ofStacks('lambda', 'function:'),
  },
  {
    // A mapping has no name of its own; the functions that it may start are named above.
    sid: 'EventSourceMappings',
    types: ['AWS::Lambda::EventSourceMapping'],
    actions: ['Create', 'Delete', 'Get', 'Update'].map((verb) => `lambda:${verb}EventSourceMapping`),
    resources: ['*'],
  },
  {
    sid: 'FunctionCodeAndContracts',
    types: ['AWS::Lambda::Function'],
    actions: ['s3:GetObject'],
    resources: ['arn:aws:s3:::cdk-hnb659fds-assets-*/*'],
  },
  {
    sid: 'Roles',
    types: ['AWS::IAM::Role', 'AWS::IAM::Policy'],
    actions: [
      ...['CreateRole', 'DeleteRole', 'DeleteRolePolicy', 'GetRole', 'GetRolePolicy', 'ListAttachedRolePolicies'],
      ...['ListRolePolicies', 'PutRolePolicy', 'TagRole', 'UntagRole', 'UpdateAssumeRolePolicy', 'UpdateRole'],
    ].map((action) => `iam:${action}`),
    resources: ['Platform', 'Event'].map((stack) => `arn:aws:iam::*:role/${stack}-*`),
  },
  {
    sid: 'RolesOfServices',
    types: [
      ...['AWS::Lambda::Function', 'AWS::Scheduler::Schedule', 'AWS::EC2::FlowLog'],
      'AWS::RedshiftServerless::Namespace',
    ],
    actions: ['iam:PassRole'],
    resources: ['Platform', 'Event'].map((stack) => `arn:aws:iam::*:role/${stack}-*`),
    conditions: {
      StringEquals: {
        'iam:PassedToService': [
          'lambda.amazonaws.com',
          'scheduler.amazonaws.com',
          'vpc-flow-logs.amazonaws.com',
          'redshift-serverless.amazonaws.com',
        ],
      },
    },
  },
  {
    sid: 'ServiceLinkedRoles',
    types: ['AWS::MSK::Cluster', 'AWS::ApiGatewayV2::Api'],
    actions: ['iam:CreateServiceLinkedRole'],
    resources: ['arn:aws:iam::*:role/aws-service-role/*'],
    conditions: { StringEquals: { 'iam:AWSServiceName': ['kafka.amazonaws.com', 'ops.apigateway.amazonaws.com'] } },
  },
  {
    sid: 'Schedules',
    types: ['AWS::Scheduler::Schedule'],
    actions: ['Create', 'Delete', 'Get', 'Update'].map((verb) => `scheduler:${verb}Schedule`),
    resources: ofStacks('scheduler', 'schedule/default/'),
  },
];

const DATA: readonly Grant[] = [
  {
    sid: 'Cluster',
    types: ['AWS::MSK::Cluster', 'AWS::MSK::Topic'],
    actions: [
      ...['CreateCluster', 'CreateClusterV2', 'CreateTopic', 'DeleteCluster', 'DeleteTopic', 'DescribeCluster'],
      ...[
        'DescribeClusterOperation',
        'DescribeClusterV2',
        'DescribeTopic',
        'GetBootstrapBrokers',
        'ListTagsForResource',
      ],
      ...['ListTopics', 'TagResource', 'UntagResource', 'UpdateBrokerCount', 'UpdateBrokerStorage', 'UpdateBrokerType'],
      ...['UpdateClusterKafkaVersion', 'UpdateMonitoring', 'UpdateSecurity', 'UpdateTopic'],
    ].map((action) => `kafka:${action}`),
    resources: [arn('kafka', 'cluster/headrace/*'), arn('kafka', 'topic/headrace/*')],
  },
  {
    sid: 'ClusterConfiguration',
    types: ['AWS::MSK::Configuration'],
    actions: ['Create', 'Delete', 'Describe', 'Update'].map((verb) => `kafka:${verb}Configuration`),
    resources: [arn('kafka', 'configuration/*')],
  },
  {
    sid: 'Topics',
    types: ['AWS::MSK::Topic'],
    actions: [
      ...['AlterTopic', 'AlterTopicDynamicConfiguration', 'Connect', 'CreateTopic', 'DeleteTopic', 'DescribeTopic'],
      ...['DescribeTopicDynamicConfiguration'],
    ].map((action) => `kafka-cluster:${action}`),
    resources: [arn('kafka', 'cluster/headrace/*'), arn('kafka', 'topic/headrace/*')],
  },
  {
    sid: 'Schemas',
    types: ['AWS::Glue::Registry', 'AWS::Glue::Schema', 'AWS::Glue::SchemaVersion'],
    actions: [
      ...['CheckSchemaVersionValidity', 'CreateRegistry', 'CreateSchema', 'DeleteRegistry', 'DeleteSchema'],
      ...['DeleteSchemaVersions', 'GetRegistry', 'GetSchema', 'GetSchemaVersion', 'GetTags', 'RegisterSchemaVersion'],
      ...['TagResource', 'UntagResource', 'UpdateRegistry', 'UpdateSchema'],
    ].map((action) => `glue:${action}`),
    resources: [arn('glue', 'registry/headrace'), arn('glue', 'schema/headrace/*')],
  },
  {
    sid: 'Buckets',
    types: ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'],
    actions: [
      ...['CreateBucket', 'DeleteBucket', 'DeleteBucketPolicy', 'GetBucketNotification', 'GetBucketPolicy'],
      ...['GetBucketPublicAccessBlock', 'GetBucketTagging', 'GetEncryptionConfiguration', 'GetLifecycleConfiguration'],
      ...['ListBucket', 'PutBucketNotification', 'PutBucketPolicy', 'PutBucketPublicAccessBlock', 'PutBucketTagging'],
      ...['PutEncryptionConfiguration', 'PutLifecycleConfiguration'],
    ].map((action) => `s3:${action}`),
    resources: ['arn:aws:s3:::event-*', 'arn:aws:s3:::platform-*'],
  },
  {
    sid: 'Queues',
    types: ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
    actions: [
      ...['CreateQueue', 'DeleteQueue', 'GetQueueAttributes', 'GetQueueUrl', 'ListQueueTags', 'SetQueueAttributes'],
      ...['TagQueue', 'UntagQueue'],
    ].map((action) => `sqs:${action}`),
    resources: ofStacks('sqs'),
  },
  {
    sid: 'Parameters',
    types: ['AWS::SSM::Parameter'],
    actions: [
      ...['AddTagsToResource', 'DeleteParameter', 'GetParameters', 'ListTagsForResource', 'PutParameter'],
      'RemoveTagsFromResource',
    ].map((action) => `ssm:${action}`),
    resources: [arn('ssm', 'parameter/headrace/*'), arn('ssm', 'parameter/cdk-bootstrap/*')],
  },
  {
    // A key has no name before it exists.
    sid: 'Keys',
    types: ['AWS::KMS::Key'],
    actions: [
      ...['CreateGrant', 'CreateKey', 'DescribeKey', 'EnableKeyRotation', 'GetKeyPolicy', 'GetKeyRotationStatus'],
      ...['ListResourceTags', 'PutKeyPolicy', 'ScheduleKeyDeletion', 'TagResource', 'UntagResource'],
      'UpdateKeyDescription',
    ].map((action) => `kms:${action}`),
    resources: ['*'],
  },
];

const FRONT: readonly Grant[] = [
  {
    sid: 'Api',
    types: ['Api', 'Integration', 'Route', 'Stage'].map((kind) => `AWS::ApiGatewayV2::${kind}`),
    actions: ['DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'TagResource', 'UntagResource'].map(
      (verb) => `apigateway:${verb}`,
    ),
    resources: ['arn:aws:apigateway:*::/apis', 'arn:aws:apigateway:*::/apis/*', 'arn:aws:apigateway:*::/tags/*'],
  },
  {
    sid: 'Alarms',
    types: ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::Dashboard'],
    actions: [
      ...['DeleteAlarms', 'DeleteDashboards', 'DescribeAlarms', 'GetDashboard', 'ListTagsForResource', 'PutDashboard'],
      ...['PutMetricAlarm', 'TagResource', 'UntagResource'],
    ].map((action) => `cloudwatch:${action}`),
    resources: [arn('cloudwatch', 'alarm:headrace-*'), 'arn:aws:cloudwatch::*:dashboard/headrace*'],
  },
  {
    sid: 'AlarmTopic',
    types: ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'],
    actions: [
      ...['CreateTopic', 'DeleteTopic', 'GetDataProtectionPolicy', 'GetTopicAttributes', 'ListSubscriptionsByTopic'],
      ...['ListTagsForResource', 'SetTopicAttributes', 'TagResource', 'UntagResource'],
    ].map((action) => `sns:${action}`),
    resources: [arn('sns', 'Platform-*')],
  },
  {
    sid: 'LogGroups',
    types: ['AWS::Logs::LogGroup'],
    actions: [
      ...['AssociateKmsKey', 'CreateLogGroup', 'DeleteLogGroup', 'DeleteRetentionPolicy', 'DisassociateKmsKey'],
      ...['ListTagsForResource', 'PutRetentionPolicy', 'TagResource', 'UntagResource'],
    ].map((action) => `logs:${action}`),
    resources: ofStacks('logs', 'log-group:'),
  },
  {
    // Neither listing nor the delivery of another service's logs has a resource level.
    sid: 'LogDelivery',
    types: ['AWS::Logs::LogGroup', 'AWS::ApiGatewayV2::Stage', 'AWS::MSK::Cluster'],
    actions: [
      ...['CreateLogDelivery', 'DeleteLogDelivery', 'DescribeLogGroups', 'DescribeResourcePolicies', 'GetLogDelivery'],
      ...['ListLogDeliveries', 'PutResourcePolicy', 'UpdateLogDelivery'],
    ].map((action) => `logs:${action}`),
    resources: ['*'],
  },
  {
    // Networks are found by ids that do not exist before; only the platform's stack has one.
    sid: 'Network',
    types: [
      ...['FlowLog', 'RouteTable', 'SecurityGroup', 'SecurityGroupIngress', 'Subnet', 'SubnetRouteTableAssociation'],
      ...['VPC', 'VPCEndpoint'],
    ].map((kind) => `AWS::EC2::${kind}`),
    actions: [
      ...['AssociateRouteTable', 'AuthorizeSecurityGroupEgress', 'AuthorizeSecurityGroupIngress', 'CreateFlowLogs'],
      ...['CreateRouteTable', 'CreateSecurityGroup', 'CreateSubnet', 'CreateTags', 'CreateVpc', 'CreateVpcEndpoint'],
      ...['DeleteFlowLogs', 'DeleteRouteTable', 'DeleteSecurityGroup', 'DeleteSubnet', 'DeleteTags', 'DeleteVpc'],
      ...['DeleteVpcEndpoints', 'DescribeAvailabilityZones', 'DescribeFlowLogs', 'DescribeNetworkAcls'],
      ...['DescribeNetworkInterfaces', 'DescribeRouteTables', 'DescribeSecurityGroupRules', 'DescribeSecurityGroups'],
      ...['DescribeSubnets', 'DescribeVpcAttribute', 'DescribeVpcEndpoints', 'DescribeVpcs', 'DisassociateRouteTable'],
      ...['ModifySubnetAttribute', 'ModifyVpcAttribute', 'ModifyVpcEndpoint', 'RevokeSecurityGroupEgress'],
      'RevokeSecurityGroupIngress',
    ].map((action) => `ec2:${action}`),
    resources: ['*'],
  },
  {
    sid: 'OutputsOfThePlatform',
    types: ['AWS::CloudFormation::Stack'],
    actions: ['cloudformation:DescribeStacks'],
    resources: [arn('cloudformation', 'stack/Platform/*')],
  },
];

const WAREHOUSES: readonly Grant[] = [
  {
    // Namespaces and workgroups are named by ids that do not exist before.
    sid: 'Redshift',
    types: ['AWS::RedshiftServerless::Namespace', 'AWS::RedshiftServerless::Workgroup'],
    actions: [
      ...['CreateNamespace', 'CreateWorkgroup', 'DeleteNamespace', 'DeleteWorkgroup', 'GetNamespace', 'GetWorkgroup'],
      ...['ListTagsForResource', 'TagResource', 'UntagResource', 'UpdateNamespace', 'UpdateWorkgroup'],
    ].map((action) => `redshift-serverless:${action}`),
    resources: [arn('redshift-serverless', 'namespace/*'), arn('redshift-serverless', 'workgroup/*')],
  },
  {
    sid: 'Athena',
    types: ['AWS::Athena::WorkGroup'],
    actions: [
      ...['CreateWorkGroup', 'DeleteWorkGroup', 'GetWorkGroup', 'ListTagsForResource', 'TagResource', 'UntagResource'],
      'UpdateWorkGroup',
    ].map((action) => `athena:${action}`),
    resources: [arn('athena', 'workgroup/headrace')],
  },
  {
    sid: 'Database',
    types: ['AWS::Glue::Database'],
    actions: ['Create', 'Delete', 'Get', 'Update'].map((verb) => `glue:${verb}Database`),
    resources: [arn('glue', 'catalog'), arn('glue', 'database/headrace')],
  },
  {
    sid: 'Secrets',
    types: ['AWS::SecretsManager::Secret', 'AWS::RedshiftServerless::Namespace'],
    actions: [
      ...['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue', 'TagResource', 'UntagResource'],
      'UpdateSecret',
    ].map((action) => `secretsmanager:${action}`),
    // Without a hyphen: the name begins with the construct's id.
    resources: [arn('secretsmanager', 'secret:Warehouses*')],
  },
  {
    // Has no resource level.
    sid: 'Passwords',
    types: ['AWS::SecretsManager::Secret'],
    actions: ['secretsmanager:GetRandomPassword'],
    resources: ['*'],
  },
];

/** By the name of the file in `docs/deploy-role/`: one managed policy cannot hold all. */
const POLICIES: Readonly<Record<string, readonly Grant[]>> = {
  functions: COMPUTE,
  data: DATA,
  front: FRONT,
  warehouses: WAREHOUSES,
};

/** The policies by name; `node bin/deploy-role.ts` writes them into `docs/deploy-role/`. */
export function deployPolicies(): Record<string, PolicyDocument> {
  return Object.fromEntries(Object.entries(POLICIES).map(([name, grants]) => [name, policyOf(grants)]));
}

function policyOf(grants: readonly Grant[]): PolicyDocument {
  const Statement = grants.map(({ sid, actions, resources, conditions }) => ({
    ...({ Sid: sid, Effect: 'Allow', Action: actions, Resource: resources } as const),
    ...(conditions && { Condition: conditions }),
  }));
  return { Version: '2012-10-17', Statement };
}

/** The resource types that the policies know: a template with another one cannot be deployed by them. */
export const deployableTypes = (): ReadonlySet<string> =>
  new Set(Object.values(POLICIES).flatMap((grants) => grants.flatMap(({ types }) => types)));
