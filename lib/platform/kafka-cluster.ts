/** The Kafka cluster: MSK Express brokers that let in IAM identities over TLS, and nobody else. */
import { CfnCluster } from 'aws-cdk-lib/aws-msk';
import { Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CLUSTER_NAME } from '../../pipeline/contract/names.ts';
import { CLUSTER } from '../config.ts';
import type { Network } from './network.ts';

/** Encrypted at rest with the account's `aws/msk` key, which is what MSK takes when no key is named. */
export class KafkaCluster extends Construct {
  readonly arn: string;
  readonly topicArnPrefix: string;
  readonly consumerGroupArnPrefix: string;

  constructor(scope: Construct, id: string, network: Network) {
    super(scope, id);
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: CLUSTER_NAME,
      kafkaVersion: CLUSTER.kafkaVersion,
      numberOfBrokerNodes: CLUSTER.brokers,
      brokerNodeGroupInfo: {
        instanceType: CLUSTER.instanceType,
        clientSubnets: network.subnets.map(({ subnetId }) => subnetId),
        securityGroups: [network.clusterSecurityGroup.securityGroupId],
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
    });
    this.arn = cluster.attrArn;
    this.topicArnPrefix = siblingArn(this.arn, 'topic');
    this.consumerGroupArnPrefix = siblingArn(this.arn, 'group');
  }
}

/** `arn:…:cluster/<name>/<uuid>` becomes `arn:…:<kind>/<name>/<uuid>`. */
const siblingArn = (clusterArn: string, kind: string): string =>
  Fn.join(`:${kind}/`, Fn.split(':cluster/', clusterArn, 2));
