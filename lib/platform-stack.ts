/** The stack that all events share. */
import { CfnRegistry } from 'aws-cdk-lib/aws-glue';
import { Fn, PermissionsBoundary, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { PLATFORM_STACK, ROLE_BOUNDARY, SCHEMA_REGISTRY } from '../pipeline/contract/names.ts';
import type { Stage } from './config.ts';
import { KEPT } from './kept.ts';
import { alarmTopic } from './platform/alarm-topic.ts';
import { BootstrapBrokers } from './platform/bootstrap-brokers.ts';
import { IngestApi } from './platform/ingest-api.ts';
import { KafkaCluster } from './platform/kafka-cluster.ts';
import { Network } from './platform/network.ts';
import { PlatformObservation } from './platform/observation.ts';
import { Relay } from './platform/relay.ts';
import { Warehouses } from './platform/warehouses.ts';
import { outputPlatformValues } from './platform-values.ts';
import { stageOf } from './stage.ts';

/** Network, Kafka cluster, schema registry and ingest API. Protected against deletion: all topics are in it. */
export class PlatformStack extends Stack {
  constructor(scope: Construct, stage: Stage = stageOf(scope)) {
    super(scope, PLATFORM_STACK, {
      description: 'Headrace: what all events share',
      terminationProtection: true,
      permissionsBoundary: PermissionsBoundary.fromName(ROLE_BOUNDARY),
    });
    const network = new Network(this, 'Network', stage.network);
    const cluster = new KafkaCluster(this, 'Kafka', network, stage.broker);
    const registry = new CfnRegistry(this, 'SchemaRegistry', {
      name: SCHEMA_REGISTRY,
      description: 'The payload schemas of all events',
    });
    // With the registry would go every schema in it, of events that are there and of records in retained topics.
    registry.applyRemovalPolicy(KEPT);
    const { value: bootstrapBrokers } = new BootstrapBrokers(this, 'Brokers', cluster.arn);
    const relay = new Relay(this, 'Relay', { network, cluster, bootstrapBrokers });
    const ingest = new IngestApi(this, 'Ingest', {
      stage,
      network,
      cluster,
      bootstrapBrokers,
      relayQueue: relay.queue,
    });
    const { topicArn: alarmTopicArn } = alarmTopic(this, 'AlarmTopic');
    const { apiId, proxyFunctionName } = ingest;
    new PlatformObservation(this, 'Observation', {
      apiId,
      proxyFunctionName,
      relayQueueName: relay.queue.queueName,
      relayDeadLetterQueueName: relay.deadLetterQueue.queueName,
      notify: alarmTopicArn,
    });
    const { values: warehouses } = new Warehouses(this, 'Warehouses', stage.warehouses, network);
    const [subnetId1, subnetId2, subnetId3] = network.subnetIds;
    outputPlatformValues(this, {
      IngestUrl: ingest.url,
      ClusterArn: cluster.arn,
      BootstrapBrokers: bootstrapBrokers,
      TopicArnPrefix: cluster.topicArnPrefix,
      ConsumerGroupArnPrefix: cluster.consumerGroupArnPrefix,
      SchemaRegistryArn: registry.attrArn,
      AlarmTopicArn: alarmTopicArn,
      FunctionSubnetId1: subnetId1,
      FunctionSubnetId2: subnetId2,
      FunctionSubnetId3: subnetId3,
      FunctionSecurityGroupId: network.functionSecurityGroup.securityGroupId,
      ...warehouses,
    });
  }

  /**
   * The region's first three, chosen at deployment: looking them up at synth would need an account.
   * Where MSK Express is not in one of them, name three here.
   */
  override get availabilityZones(): string[] {
    const zones = Fn.getAzs();
    return [0, 1, 2].map((index) => Fn.select(index, zones));
  }
}
