/** Where every alarm is told: one SNS topic, to which people subscribe. */
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Aws } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * Not encrypted with a key: CloudWatch cannot publish with the account's `aws/sns` key, and a message holds an alarm's
 * name and its numbers, no data.
 */
export function alarmTopic(scope: Construct, id: string): Topic {
  const topic = new Topic(scope, id, { displayName: 'Headrace alarms', enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
  return topic;
}
