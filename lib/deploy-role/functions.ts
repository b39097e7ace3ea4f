/** Functions, their triggers, schedules and roles. */
import { ROLE_BOUNDARY } from '../../pipeline/contract/names.ts';
import { actions, arn, type Grant, ofStacks, ROLES_OF_STACKS, types } from './grant.ts';

export const FUNCTIONS: readonly Grant[] = [
  {
    sid: 'Functions',
    types: [...types('Lambda', 'Function Permission'), 'Custom::BootstrapBrokers'],
    actions: actions(
      'lambda',
      `AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction GetFunctionCodeSigningConfig
       GetFunctionConfiguration GetFunctionRecursionConfig GetFunctionScalingConfig GetPolicy GetRuntimeManagementConfig
       InvokeFunction ListTags PutFunctionConcurrency RemovePermission TagResource UntagResource UpdateFunctionCode
       UpdateFunctionConfiguration`,
    ),
    resources: ofStacks('lambda', 'function:'),
  },
  {
    // A mapping has no name of its own; the function that it starts has.
    sid: 'EventSourceMappings',
    types: types('Lambda', 'EventSourceMapping'),
    actions: actions('lambda', 'CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping'),
    resources: ['*'],
    conditions: { ArnLike: { 'lambda:FunctionArn': ofStacks('lambda', 'function:') } },
  },
  {
    sid: 'EventSourceMappingsRead',
    types: types('Lambda', 'EventSourceMapping'),
    actions: actions('lambda', 'GetEventSourceMapping ListTags TagResource UntagResource'),
    resources: [arn('lambda', 'event-source-mapping:*')],
  },
  {
    sid: 'FunctionCodeAndContracts',
    types: types('Lambda', 'Function'),
    actions: actions('s3', 'GetObject'),
    resources: ['arn:aws:s3:::cdk-hnb659fds-assets-*/*'],
  },
  {
    sid: 'Roles',
    types: types('IAM', 'Role Policy'),
    actions: actions(
      'iam',
      `DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoleTags TagRole
       UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription`,
    ),
    resources: ROLES_OF_STACKS,
  },
  {
    // Whoever may deploy could otherwise make a role that may do anything, and a function that uses it.
    sid: 'RolesWithinTheBoundary',
    types: types('IAM', 'Role Policy'),
    actions: actions('iam', 'CreateRole PutRolePermissionsBoundary PutRolePolicy'),
    resources: ROLES_OF_STACKS,
    conditions: { StringLike: { 'iam:PermissionsBoundary': `arn:aws:iam::*:policy/${ROLE_BOUNDARY}` } },
  },
  {
    sid: 'RolesOfServices',
    types: ['AWS::Lambda::Function', 'AWS::Scheduler::Schedule', 'AWS::EC2::FlowLog'],
    actions: actions('iam', 'PassRole'),
    resources: ROLES_OF_STACKS,
    conditions: {
      StringEquals: {
        'iam:PassedToService': ['lambda', 'scheduler', 'vpc-flow-logs'].map((service) => `${service}.amazonaws.com`),
      },
    },
  },
  {
    sid: 'ServiceLinkedRoles',
    types: ['AWS::MSK::Cluster', 'AWS::RedshiftServerless::Namespace', 'AWS::ApiGatewayV2::Api'],
    actions: actions('iam', 'CreateServiceLinkedRole'),
    resources: ['arn:aws:iam::*:role/aws-service-role/*'],
    conditions: {
      StringEquals: {
        'iam:AWSServiceName': ['kafka', 'redshift', 'ops.apigateway'].map((service) => `${service}.amazonaws.com`),
      },
    },
  },
  {
    sid: 'ServiceLinkedRoleOfKafka',
    types: ['AWS::MSK::Cluster'],
    actions: actions('iam', 'AttachRolePolicy PutRolePolicy'),
    resources: ['arn:aws:iam::*:role/aws-service-role/kafka.amazonaws.com/AWSServiceRoleForKafka*'],
  },
  {
    sid: 'Schedules',
    types: types('Scheduler', 'Schedule'),
    actions: actions('scheduler', 'CreateSchedule DeleteSchedule GetSchedule UpdateSchedule'),
    resources: ofStacks('scheduler', 'schedule/default/'),
  },
];
