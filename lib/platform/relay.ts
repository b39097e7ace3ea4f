/** The relay: what the proxy has answered for before it is in Kafka waits in a queue and is written from there. */
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RelayEnv } from '../../lambdas/relay/env.ts';
import { KAFKA_IAM_PROPERTIES, RELAY, RELAY_QUEUE, RELAY_TRIGGER } from '../config.ts';
import { KEPT } from '../kept.ts';
import { NETWORK_INTERFACES, NodeFunction } from '../node-function.ts';
import { WorkQueue } from '../work-queue.ts';
import { type KafkaCluster, produce } from './kafka-cluster.ts';
import type { Network } from './network.ts';

/** What the relay runs in and writes to. */
export interface RelayProps {
  readonly network: Network;
  readonly cluster: KafkaCluster;
  /** `host:port` pairs, separated by commas. */
  readonly bootstrapBrokers: string;
}

/** Messages of many clients are written together. */
export class Relay extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { network, cluster, bootstrapBrokers }: RelayProps) {
    super(scope, id);
    const { queue, deadLetterQueue } = new WorkQueue(this, 'Queue', RELAY_QUEUE);
    // Events that were answered for and are nowhere else.
    queue.applyRemovalPolicy(KEPT);
    deadLetterQueue.applyRemovalPolicy(KEPT);
    const { resource } = new NodeFunction(this, 'Relay', {
      source: 'relay',
      description: 'Writes queued events to Kafka',
      size: RELAY,
      environment: {
        KAFKA_BROKERS: bootstrapBrokers,
        KAFKA_CLIENT_PROPERTIES: KAFKA_IAM_PROPERTIES,
      } satisfies RelayEnv,
      permissions: [
        NETWORK_INTERFACES,
        ...produce(cluster),
        {
          actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: [queue.queueArn],
        },
      ],
      network: { vpc: network.vpc, subnets: network.subnets, securityGroup: network.proxySecurityGroup },
    });
    new CfnEventSourceMapping(this, 'Trigger', {
      functionName: resource.functionArn,
      eventSourceArn: queue.queueArn,
      batchSize: RELAY_TRIGGER.batchSize,
      maximumBatchingWindowInSeconds: RELAY_TRIGGER.windowSeconds,
      scalingConfig: { maximumConcurrency: RELAY_TRIGGER.concurrencyMax },
      functionResponseTypes: ['ReportBatchItemFailures'],
    });
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
  }
}
