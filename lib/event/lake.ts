/** The event's bucket: data files, commit records and rejected records. */
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { COMMIT_PREFIX } from '../../pipeline/contract/names.ts';

/** Outlives its stack. Every new commit record is announced to the queue, at least once. */
export class Lake extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, queue: Queue) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.announceCommits(queue);
  }

  /**
   * The bucket's own property: `addEventNotification` would add a custom resource to every event's stack.
   * S3 tries the queue when the property is set, so the queue's policy must be there first, and therefore cannot name
   * the bucket: the account is its condition.
   */
  private announceCommits(queue: Queue): void {
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    const bucket = this.bucket.node.defaultChild as CfnBucket;
    bucket.notificationConfiguration = {
      queueConfigurations: [
        {
          queue: queue.queueArn,
          // Not only `Put`: a large object is completed as a multipart upload.
          event: 's3:ObjectCreated:*',
          filter: { s3Key: { rules: [{ name: 'prefix', value: COMMIT_PREFIX }] } },
        },
      ],
    };
    // The queue and, as its child, its policy.
    bucket.node.addDependency(queue);
  }
}
