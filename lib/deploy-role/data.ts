/** What holds events: the cluster and its key, topics, schemas, buckets, queues, the catalog. */
import { CLUSTER_NAME, SCHEMA_REGISTRY } from '../../pipeline/contract/names.ts';
import { KEY_TAG } from '../platform/kafka-cluster.ts';
import { actions, arn, BUCKETS_OF_STACKS, type Grant, ofStacks, types } from './grant.ts';

const OF_CLUSTER = ['cluster', 'topic'].map((kind) => arn('kafka', `${kind}/${CLUSTER_NAME}/*`));

export const DATA: readonly Grant[] = [
  {
    sid: 'Cluster',
    types: types('MSK', 'Cluster Topic'),
    actions: actions(
      'kafka',
      `CreateCluster CreateClusterV2 CreateTopic DeleteCluster DeleteTopic DescribeCluster DescribeClusterOperation
       DescribeClusterV2 DescribeTopic GetBootstrapBrokers ListTagsForResource ListTopics TagResource UntagResource
       UpdateBrokerCount UpdateBrokerStorage UpdateBrokerType UpdateClusterConfiguration UpdateClusterKafkaVersion
       UpdateConnectivity UpdateMonitoring UpdateRebalancing UpdateSecurity UpdateStorage UpdateTopic`,
    ),
    resources: OF_CLUSTER,
  },
  {
    sid: 'ClusterConfiguration',
    types: types('MSK', 'Configuration Cluster'),
    actions: actions('kafka', 'CreateConfiguration DeleteConfiguration DescribeConfiguration UpdateConfiguration'),
    resources: [arn('kafka', 'configuration/*')],
  },
  {
    sid: 'Topics',
    types: types('MSK', 'Topic'),
    actions: actions(
      'kafka-cluster',
      `AlterTopic AlterTopicDynamicConfiguration Connect CreateTopic DeleteTopic DescribeTopic
       DescribeTopicDynamicConfiguration`,
    ),
    resources: OF_CLUSTER,
  },
  {
    sid: 'Schemas',
    types: types('Glue', 'Registry Schema SchemaVersion'),
    actions: actions(
      'glue',
      `CheckSchemaVersionValidity CreateRegistry CreateSchema DeleteRegistry DeleteSchema DeleteSchemaVersions
       GetRegistry GetSchema GetSchemaByDefinition GetSchemaVersion GetTags RegisterSchemaVersion TagResource
       UntagResource UpdateRegistry UpdateSchema`,
    ),
    resources: [arn('glue', `registry/${SCHEMA_REGISTRY}`), arn('glue', `schema/${SCHEMA_REGISTRY}/*`)],
  },
  {
    sid: 'Buckets',
    types: types('S3', 'Bucket BucketPolicy'),
    actions: actions(
      's3',
      `CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketTagging ListBucket ListTagsForResource
       PutBucketNotification PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning
       PutEncryptionConfiguration PutLifecycleConfiguration TagResource UntagResource`,
    ),
    resources: BUCKETS_OF_STACKS,
  },
  {
    // CloudFormation reads a bucket as a whole, also what it does not have.
    sid: 'BucketsRead',
    types: types('S3', 'Bucket BucketPolicy'),
    actions: actions(
      's3',
      `GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLogging
       GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
       GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning
       GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration
       GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration`,
    ),
    resources: BUCKETS_OF_STACKS,
  },
  {
    sid: 'Queues',
    types: types('SQS', 'Queue QueuePolicy'),
    actions: actions(
      'sqs',
      `CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue`,
    ),
    resources: ofStacks('sqs'),
  },
  {
    sid: 'Parameters',
    types: types('SSM', 'Parameter'),
    actions: actions(
      'ssm',
      'AddTagsToResource DeleteParameter GetParameters ListTagsForResource PutParameter RemoveTagsFromResource',
    ),
    resources: [arn('ssm', 'parameter/headrace/*')],
  },
  {
    // Every template of the CDK asks which bootstrap there was.
    sid: 'BootstrapVersion',
    types: types('CloudFormation', 'Stack'),
    actions: actions('ssm', 'GetParameters'),
    resources: [arn('ssm', 'parameter/cdk-bootstrap/*')],
  },
  {
    // A key has no name before it exists, and for minutes afterwards its tag may not count.
    sid: 'Keys',
    types: types('KMS', 'Key').concat(types('MSK', 'Cluster')),
    actions: actions(
      'kms',
      `CreateGrant CreateKey DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags
       PutKeyPolicy TagResource UntagResource UpdateKeyDescription`,
    ),
    resources: ['*'],
  },
  {
    sid: 'KeysOfOurs',
    types: types('KMS', 'Key'),
    actions: actions('kms', 'DisableKeyRotation ScheduleKeyDeletion'),
    resources: ['*'],
    conditions: { StringEquals: { [`aws:ResourceTag/${KEY_TAG.name}`]: KEY_TAG.value } },
  },
];
