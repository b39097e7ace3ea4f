/** The function that writes the topic's records to the lake, and its trigger. */
import { CfnEventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { DrainEnv } from '../../lambdas/drain/env.ts';
import type { SinkEnv } from '../../lambdas/sink/env.ts';
import type { CompactEvent } from '../../pipeline/compact/compact-on-schedule.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import {
  COMMIT_PREFIX,
  COMPACTION_PREFIX,
  DATA_PREFIX,
  REJECTED_PREFIX,
  sinkConsumerGroup,
} from '../../pipeline/contract/names.ts';
import { sinkTrigger } from '../../pipeline/contract/sink-trigger.ts';
import { COMPACT_MINUTES, DRAIN, DRAIN_LIMITS, SINK, SINK_BATCH_SIZE } from '../config.ts';
import { NETWORK_INTERFACES, NodeFunction, type Permission } from '../node-function.ts';
import { platformValue } from '../platform-values.ts';
import type { ContractAsset } from './contract-asset.ts';
import { joinKafkaNetwork, kafkaEnvironment, readTopic } from './kafka-reader.ts';
import { pollerConfig } from './pollers.ts';
import type { Schedules } from './schedules.ts';

/** What the sink reads, and where it writes. */
export interface SinkProps {
  readonly contract: CompiledContract;
  readonly asset: ContractAsset;
  readonly topic: CfnTopic;
  /** The registry's ids of the versions, oldest first. */
  readonly schemaVersionIds: readonly string[];
  readonly lake: Bucket;
  readonly schedules: Schedules;
}

/** The contract's freshness chooses the trigger; the commit log makes repetitions and overlaps harmless. */
export class Sink extends Construct {
  readonly functionName: string;

  constructor(scope: Construct, id: string, props: SinkProps) {
    super(scope, id);
    const trigger = sinkTrigger(props.contract);
    const target =
      trigger.kind === 'stream' ? this.stream(props, trigger.windowSeconds) : this.drain(props, trigger.everyMinutes);
    props.schedules.add('Compact', {
      description: `Merges small files of ${props.contract.event} that have settled`,
      everyMinutes: COMPACT_MINUTES,
      target,
      input: { compact: true } satisfies CompactEvent,
    });
    this.functionName = target.functionName;
  }

  /**
   * Lambda repeats a failed batch until it succeeds or the topic has forgotten it; that is right, because bad records do
   * not fail a batch and a bad world gets better.
   */
  private stream(props: SinkProps, windowSeconds: number): LambdaFunction {
    const { contract, asset, lake, topic } = props;
    const { resource } = new NodeFunction(this, 'Sink', {
      source: 'sink',
      description: `Writes ${contract.event} from Kafka to the lake`,
      size: SINK,
      environment: sinkEnvironment(props),
      permissions: [asset.read, ...writeCommits(lake), ...consumeTopic(contract)],
    });
    const mapping = new CfnEventSourceMapping(this, 'Trigger', {
      functionName: resource.functionArn,
      eventSourceArn: platformValue('ClusterArn'),
      topics: [contract.topic.name],
      amazonManagedKafkaEventSourceConfig: { consumerGroupId: sinkConsumerGroup(contract.event) },
      startingPosition: 'TRIM_HORIZON',
      batchSize: SINK_BATCH_SIZE,
      maximumBatchingWindowInSeconds: windowSeconds,
      ...pollerConfig(contract),
    });
    mapping.addResourceDependency(topic);
    return resource;
  }

  private drain(props: SinkProps, everyMinutes: number): LambdaFunction {
    const { contract, asset, lake, schedules } = props;
    const { resource } = new NodeFunction(this, 'Sink', {
      source: 'drain',
      description: `Drains ${contract.event} from Kafka into the lake`,
      size: DRAIN,
      environment: {
        ...sinkEnvironment(props),
        ...kafkaEnvironment(),
        COMMIT_INPUT_MB: String(DRAIN_LIMITS.commitInputMb),
        PARALLEL_PARTITIONS: String(DRAIN_LIMITS.parallelPartitions),
      } satisfies DrainEnv,
      permissions: [asset.read, ...writeCommits(lake), ...readTopic(contract)],
    });
    joinKafkaNetwork(resource);
    schedules.add('Drain', {
      description: `Drains ${contract.event} into the lake`,
      everyMinutes,
      target: resource,
    });
    return resource;
  }
}

const sinkEnvironment = ({ asset, schemaVersionIds, lake }: SinkProps) =>
  ({
    CONTRACT_BUCKET: asset.bucketName,
    CONTRACT_KEY: asset.key,
    SCHEMA_VERSION_IDS: Fn.join(',', [...schemaVersionIds]),
    LAKE_BUCKET: lake.bucketName,
  }) satisfies SinkEnv;

/** Reads chains and small files, and adds files, commits and compactions; nothing in the lake is ever deleted. */
function writeCommits(lake: Bucket): Permission[] {
  const objects = (...prefixes: string[]) => prefixes.map((prefix) => lake.arnForObjects(`${prefix}*`));
  const chains = [COMMIT_PREFIX, COMPACTION_PREFIX];
  return [
    { actions: ['s3:PutObject'], resources: objects(DATA_PREFIX, REJECTED_PREFIX, ...chains) },
    { actions: ['s3:AbortMultipartUpload'], resources: objects(DATA_PREFIX) },
    { actions: ['s3:GetObject'], resources: objects(DATA_PREFIX, ...chains) },
    {
      actions: ['s3:ListBucket'],
      resources: [lake.bucketArn],
      conditions: { StringLike: { 's3:prefix': chains.map((prefix) => `${prefix}*`) } },
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
