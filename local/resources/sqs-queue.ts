/** AWS::SQS::Queue. */
import type { CreateResource } from './deployment.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

/** Attributes that a template and SQS name alike. */
const ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
];
const QUEUE_NAME_MAX = 80;

/** A standard queue; FIFO properties are refused. */
export const createQueue: CreateResource = async ({ stackName, logicalId, properties }, { aws }) => {
  const withoutEffect = ['KmsMasterKeyId', 'RedriveAllowPolicy', 'SqsManagedSseEnabled', 'Tags'];
  expectProperties(properties, ['QueueName', ...ATTRIBUTES], withoutEffect);
  const name = String(properties['QueueName'] ?? physicalName(stackName, logicalId, QUEUE_NAME_MAX));
  const attributes = ATTRIBUTES.flatMap((attribute) => {
    const value = properties[attribute];
    if (value === undefined) return [];
    return [[attribute, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const];
  });
  const { url, arn } = aws.queues.ensure(name, aws.url, Object.fromEntries(attributes));
  return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
};
