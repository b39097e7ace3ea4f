/** The cluster's bootstrap brokers, which CloudFormation has no attribute for. */
import { CustomResource } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { BOOTSTRAP_BROKERS } from '../config.ts';
import { NodeFunction } from '../node-function.ts';

/** The only custom resource: asks MSK once when the cluster is created or replaced. */
export class BootstrapBrokers extends Construct {
  /** `host:port` pairs of the IAM listener, separated by commas. */
  readonly value: string;

  constructor(scope: Construct, id: string, clusterArn: string) {
    super(scope, id);
    const reader = new NodeFunction(this, 'Reader', {
      source: 'bootstrap-brokers',
      description: 'Tells CloudFormation the bootstrap brokers of the cluster',
      size: BOOTSTRAP_BROKERS,
      environment: {},
      permissions: [{ actions: ['kafka:GetBootstrapBrokers'], resources: [clusterArn] }],
    });
    const brokers = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::BootstrapBrokers',
      serviceToken: reader.resource.functionArn,
      properties: { ClusterArn: clusterArn },
    });
    this.value = brokers.getAttString('BootstrapBrokers');
  }
}
