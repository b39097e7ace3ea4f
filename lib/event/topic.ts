/** The event's Kafka topic. */
import { CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { CLUSTER, TOPIC } from '../config.ts';
import { KEPT } from '../kept.ts';
import { platformValue } from '../platform-values.ts';

/** `configs` is base64 of `key=value` lines. The topic outlives its stack: it may hold what no file has yet. */
export function eventTopic(scope: Construct, id: string, { topic }: CompiledContract): CfnTopic {
  const configs = [
    'cleanup.policy=delete',
    `retention.ms=${topic.retentionHours * 3_600_000}`,
    `max.message.bytes=${TOPIC.messageBytesMax}`,
  ];
  const resource = new CfnTopic(scope, id, {
    clusterArn: platformValue('ClusterArn'),
    topicName: topic.name,
    partitionCount: topic.partitions,
    replicationFactor: CLUSTER.replicationFactor,
    configs: Buffer.from(configs.join('\n')).toString('base64'),
  });
  resource.applyRemovalPolicy(KEPT);
  return resource;
}
