/** AWS::MSK::Cluster and AWS::MSK::Topic. */
import { localArn } from '../aws/account.ts';
import type { CreateResource } from './deployment.ts';
import { expectProperties } from './property-check.ts';

/** The last part of a cluster's ARN is a UUID that MSK chooses. */
const CLUSTER_UUID = '00000000-0000-4000-8000-000000000000-1';

/** Every cluster is the one Kafka that the host was given; brokers, versions, network and sign-in have no meaning here. */
export const createCluster: CreateResource = async ({ properties }, { aws, kafka }) => {
  const name = String(properties['ClusterName']);
  const arn = localArn('kafka', `cluster/${name}/${CLUSTER_UUID}`);
  aws.clusters.set(arn, kafka.brokers);
  return { ref: arn, attributes: { Arn: arn, CurrentVersion: '1' } };
};

/** Creates the topic, or raises its partitions and sets its configuration. Partitions are never lowered. */
export const createTopic: CreateResource = async ({ properties }, { aws, topics }) => {
  expectProperties(properties, ['ClusterArn', 'Configs', 'PartitionCount', 'ReplicationFactor', 'TopicName'], []);
  const clusterArn = String(properties['ClusterArn']);
  const name = String(properties['TopicName']);
  if (!aws.clusters.has(clusterArn)) throw new Error(`its cluster ${clusterArn} is in no stack before it`);
  await topics.ensure({
    name,
    partitions: Number(properties['PartitionCount']),
    replicationFactor: Number(properties['ReplicationFactor']),
    configs: parseConfigs(String(properties['Configs'] ?? '')),
  });
  const arn = `${clusterArn.replace(':cluster/', ':topic/')}/${name}`;
  return { ref: arn, attributes: { TopicArn: arn } };
};

/** Base64 of `key=value` lines. */
function parseConfigs(base64: string): Record<string, string> {
  const lines = Buffer.from(base64, 'base64').toString('utf8').split('\n');
  const pairs = lines.map((line) => line.trim()).filter((line) => line.includes('='));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
