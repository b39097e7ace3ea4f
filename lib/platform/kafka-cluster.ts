/** The Kafka cluster: MSK brokers that let in IAM identities over TLS, and nobody else. */
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import { Fn, RemovalPolicy, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CLUSTER_NAME } from '../../pipeline/contract/names.ts';
import { type BrokerSize, CLUSTER, LOG_RETENTION } from '../config.ts';
import { KEPT } from '../kept.ts';
import type { Permission } from '../node-function.ts';
import type { Network } from './network.ts';

/** By which the deployment's role may tell the key from others: CloudFormation does not put its own tags on keys. */
export const KEY_TAG = { name: 'headrace:key', value: 'kafka' } as const;

/** Cluster and key outlive the stack: what is in the topics may be in no file yet. */
export class KafkaCluster extends Construct {
  readonly arn: string;
  readonly topicArnPrefix: string;
  readonly consumerGroupArnPrefix: string;

  constructor(scope: Construct, id: string, network: Network, broker: BrokerSize) {
    super(scope, id);
    const key = new Key(this, 'Key', {
      description: 'Headrace: the volumes of the Kafka brokers',
      enableKeyRotation: true,
      removalPolicy: KEPT,
    });
    Tags.of(key).add(KEY_TAG.name, KEY_TAG.value);
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: CLUSTER_NAME,
      kafkaVersion: CLUSTER.kafkaVersion,
      numberOfBrokerNodes: CLUSTER.brokers,
      brokerNodeGroupInfo: {
        instanceType: broker.instanceType,
        clientSubnets: [...network.subnetIds],
        securityGroups: [network.clusterSecurityGroup.securityGroupId],
        ...(broker.kind === 'standard' && {
          storageInfo: { ebsStorageInfo: { volumeSize: broker.volumeGb } },
        }),
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      ...(broker.kind === 'standard' && this.standardSettings()),
    });
    cluster.applyRemovalPolicy(KEPT);
    this.arn = cluster.attrArn;
    this.topicArnPrefix = siblingArn(this.arn, 'topic');
    this.consumerGroupArnPrefix = siblingArn(this.arn, 'group');
  }

  /** What Express brokers fix by themselves (topics are not made by writing to them), and the logs that they keep. */
  private standardSettings() {
    const properties = {
      'auto.create.topics.enable': false,
      'default.replication.factor': CLUSTER.replicationFactor,
      'min.insync.replicas': CLUSTER.replicationFactor - 1,
      'unclean.leader.election.enable': false,
    };
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: CLUSTER_NAME,
      kafkaVersionsList: [CLUSTER.kafkaVersion],
      serverProperties: Object.entries(properties)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    });
    const logs = new LogGroup(this, 'BrokerLogs', { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
    return {
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName } } },
    };
  }
}

/** Writing to every topic of the cluster: a new event needs no deployment of the platform. */
export const produce = (cluster: KafkaCluster): Permission[] => [
  { actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], resources: [cluster.arn] },
  {
    actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
    resources: [`${cluster.topicArnPrefix}/*`],
  },
];

/** `arn:…:cluster/<name>/<uuid>` becomes `arn:…:<kind>/<name>/<uuid>`. */
const siblingArn = (clusterArn: string, kind: string): string =>
  Fn.join(`:${kind}/`, Fn.split(':cluster/', clusterArn, 2));
