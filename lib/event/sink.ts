/** The function that writes the topic's records to the lake, and its trigger. */
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { SinkEnv } from '../../lambdas/sink/env.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { COMMIT_PREFIX, DATA_PREFIX, REJECTED_PREFIX, sinkConsumerGroup } from '../../pipeline/contract/names.ts';
import { SINK, SINK_TRIGGER } from '../config.ts';
import { NETWORK_INTERFACES, NodeFunction, type Permission } from '../node-function.ts';
import { platformValue } from '../platform-values.ts';
import type { ContractAsset } from './contract-asset.ts';

/** What the sink reads, and where it writes. */
export interface SinkProps {
  readonly contract: CompiledContract;
  readonly asset: ContractAsset;
  readonly topic: CfnTopic;
  /** The registry's ids of the versions, oldest first. */
  readonly schemaVersionIds: readonly string[];
  readonly lake: Bucket;
}

/**
 * Lambda repeats a failed batch until it succeeds or the topic has forgotten it; that is right, because bad records do
 * not fail a batch and a bad world gets better. The commit log makes repetition harmless.
 */
export class Sink extends Construct {
  readonly functionName: string;

  constructor(scope: Construct, id: string, { contract, asset, topic, schemaVersionIds, lake }: SinkProps) {
    super(scope, id);
    const environment = {
      CONTRACT_BUCKET: asset.bucketName,
      CONTRACT_KEY: asset.key,
      SCHEMA_VERSION_IDS: Fn.join(',', [...schemaVersionIds]),
      LAKE_BUCKET: lake.bucketName,
    } satisfies SinkEnv;
    const { resource } = new NodeFunction(this, 'Sink', {
      source: 'sink',
      description: `Writes ${contract.event} from Kafka to the lake`,
      size: SINK,
      environment,
      permissions: [asset.read, ...writeCommits(lake), ...consumeTopic(contract)],
    });
    const mapping = new CfnEventSourceMapping(this, 'Trigger', {
      functionName: resource.functionArn,
      eventSourceArn: platformValue('ClusterArn'),
      topics: [contract.topic.name],
      amazonManagedKafkaEventSourceConfig: { consumerGroupId: sinkConsumerGroup(contract.event) },
      startingPosition: 'TRIM_HORIZON',
      batchSize: SINK_TRIGGER.batchSize,
      maximumBatchingWindowInSeconds: Math.floor(contract.freshnessSeconds * SINK_TRIGGER.windowShareOfFreshness),
    });
    mapping.addResourceDependency(topic);
    this.functionName = resource.functionName;
  }
}

/** Reads the head of the commit log, and adds files and commits; nothing in the lake is ever deleted. */
function writeCommits(lake: Bucket): Permission[] {
  const prefixes = [DATA_PREFIX, COMMIT_PREFIX, REJECTED_PREFIX];
  return [
    { actions: ['s3:PutObject'], resources: prefixes.map((prefix) => lake.arnForObjects(`${prefix}*`)) },
    { actions: ['s3:GetObject'], resources: [lake.arnForObjects(`${COMMIT_PREFIX}*`)] },
    {
      actions: ['s3:ListBucket'],
      resources: [lake.bucketArn],
      conditions: { StringLike: { 's3:prefix': `${COMMIT_PREFIX}*` } },
    },
  ];
}

/** Used by the mapping's pollers, which sign in as the function. */
const consumeTopic = ({ event, topic }: CompiledContract): Permission[] => [
  NETWORK_INTERFACES,
  {
    actions: [
      'kafka:DescribeCluster',
      'kafka:DescribeClusterV2',
      'kafka:GetBootstrapBrokers',
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeClusterDynamicConfiguration',
    ],
    resources: [platformValue('ClusterArn')],
  },
  {
    actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
    resources: [`${platformValue('TopicArnPrefix')}/${topic.name}`],
  },
  {
    actions: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
    resources: [`${platformValue('ConsumerGroupArnPrefix')}/${sinkConsumerGroup(event)}`],
  },
];
