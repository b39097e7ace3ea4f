/** The ingest API, alarms, logs. */
import { actions, arn, type Grant, ofStacks, types } from './grant.ts';

export const FRONT: readonly Grant[] = [
  {
    sid: 'Api',
    types: types('ApiGatewayV2', 'Api Integration Route Stage'),
    actions: actions('apigateway', 'DELETE GET PATCH POST PUT TagResource UntagResource'),
    resources: ['apis', 'apis/*', 'tags/*'].map((path) => `arn:aws:apigateway:*::/${path}`),
  },
  {
    sid: 'Alarms',
    types: types('CloudWatch', 'Alarm Dashboard'),
    actions: actions(
      'cloudwatch',
      `DeleteAlarms DeleteDashboards DescribeAlarms GetDashboard ListTagsForResource PutDashboard PutMetricAlarm
       TagResource UntagResource`,
    ),
    resources: [arn('cloudwatch', 'alarm:headrace-*'), 'arn:aws:cloudwatch::*:dashboard/headrace*'],
  },
  {
    sid: 'AlarmTopic',
    types: types('SNS', 'Topic TopicPolicy'),
    actions: actions(
      'sns',
      `CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource
       SetTopicAttributes TagResource UntagResource`,
    ),
    resources: [arn('sns', 'Platform-*')],
  },
  {
    sid: 'LogGroups',
    types: types('Logs', 'LogGroup'),
    actions: actions(
      'logs',
      `AssociateKmsKey CreateLogGroup DeleteDataProtectionPolicy DeleteLogGroup DeleteRetentionPolicy
       DescribeIndexPolicies DisassociateKmsKey GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy
       TagResource UntagResource`,
    ),
    resources: ofStacks('logs', 'log-group:'),
  },
  {
    // Neither listing nor the delivery of another service's logs has a resource level.
    sid: 'LogDelivery',
    types: ['AWS::Logs::LogGroup', 'AWS::ApiGatewayV2::Stage', 'AWS::MSK::Cluster', 'AWS::EC2::FlowLog'],
    actions: actions(
      'logs',
      `CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies GetLogDelivery ListLogDeliveries
       PutResourcePolicy UpdateLogDelivery`,
    ),
    resources: ['*'],
  },
  {
    sid: 'OutputsOfThePlatform',
    types: types('CloudFormation', 'Stack'),
    actions: actions('cloudformation', 'DescribeStacks'),
    resources: [arn('cloudformation', 'stack/Platform/*')],
  },
];
