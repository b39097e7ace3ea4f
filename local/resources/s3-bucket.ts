/** AWS::S3::Bucket. */
import type { NotificationRule } from '../aws/s3-event.ts';
import type { CreateResource } from './deployment.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

interface NotificationConfiguration {
  readonly QueueConfigurations?: readonly {
    readonly Event: string;
    readonly Queue: string;
    readonly Filter?: {
      readonly S3Key: { readonly Rules: readonly { readonly Name: string; readonly Value: string }[] };
    };
  }[];
}

const BUCKET_NAME_MAX = 63;

/** The bucket and its notifications to queues. Nothing in it expires on a laptop. */
export const createBucket: CreateResource = async ({ stackName, logicalId, properties }, { aws }) => {
  expectProperties(
    properties,
    ['BucketName', 'NotificationConfiguration'],
    [
      'BucketEncryption',
      'LifecycleConfiguration',
      'LoggingConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
      'VersioningConfiguration',
    ],
  );
  const name = String(properties['BucketName'] ?? physicalName(stackName, logicalId, BUCKET_NAME_MAX).toLowerCase());
  const rules = notificationRules((properties['NotificationConfiguration'] ?? {}) as NotificationConfiguration);
  const missing = rules.find(({ queueArn }) => !aws.queues.has(queueArn));
  if (missing !== undefined) throw new Error(`it notifies the queue ${missing.queueArn}, which no stack before it has`);
  const isNew = !aws.objects.hasBucket(name);
  aws.objects.createBucket(name);
  aws.setNotifications(name, rules, isNew);
  const domain = `${name}.s3.amazonaws.com`;
  return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: domain, RegionalDomainName: domain } };
};

function notificationRules(configuration: NotificationConfiguration): NotificationRule[] {
  expectProperties({ ...configuration }, ['QueueConfigurations'], []);
  return (configuration.QueueConfigurations ?? []).map(({ Event, Queue, Filter }) => {
    const rules = Filter?.S3Key.Rules ?? [];
    const filter = (kind: string): string => rules.find(({ Name }) => Name.toLowerCase() === kind)?.Value ?? '';
    return { event: Event, queueArn: Queue, prefix: filter('prefix'), suffix: filter('suffix') };
  });
}
