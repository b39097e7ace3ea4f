/** The event's bucket: data files, commit records and rejected records. */
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type LifecycleRule,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { COMMIT_PREFIX, MANIFEST_PREFIX, REJECTED_PREFIX } from '../../pipeline/contract/names.ts';
import { LAKE } from '../config.ts';
import { KEPT } from '../kept.ts';

/**
 * Nothing that a commit names ever expires. Files are never overwritten, so versions cost nothing until something is
 * deleted, which can then be undone for a while.
 */
const LIFECYCLE: LifecycleRule[] = [
  {
    id: 'WhatNobodyNeeds',
    abortIncompleteMultipartUploadAfter: Duration.days(LAKE.brokenUploadDays),
    noncurrentVersionExpiration: Duration.days(LAKE.undeleteDays),
    expiredObjectDeleteMarker: true,
  },
  {
    id: 'RarelyRead',
    prefix: REJECTED_PREFIX,
    transitions: [
      { storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(LAKE.rejectedToInfrequentDays) },
    ],
  },
  { id: 'LoadManifests', prefix: MANIFEST_PREFIX, expiration: Duration.days(LAKE.manifestDays) },
];

/** Outlives its stack. Every new commit record is announced to the queue, at least once. */
export class Lake extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, queue: Queue) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: LIFECYCLE,
      removalPolicy: KEPT,
    });
    this.bucket.policy?.applyRemovalPolicy(KEPT);
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
