/** The custom resource `Custom::BootstrapBrokers`: reads a cluster's bootstrap brokers for CloudFormation. */
import { GetBootstrapBrokersCommand, KafkaClient } from '@aws-sdk/client-kafka';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

const kafka = new KafkaClient({});

/** Answers through the event's `ResponseURL`, success or failure alike; without an answer a deployment hangs an hour. */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const clusterArn = String(event.ResourceProperties['ClusterArn']);
  const { RequestId, StackId, LogicalResourceId } = event;
  const outcome = await outcomeOf(event.RequestType, clusterArn);
  const answer = { RequestId, StackId, LogicalResourceId, PhysicalResourceId: clusterArn, ...outcome };
  const response = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
  if (!response.ok) {
    throw new Error(`Cannot answer CloudFormation: the response URL said ${response.status}`);
  }
}

async function outcomeOf(requestType: string, clusterArn: string): Promise<object> {
  try {
    return { Status: 'SUCCESS', Data: requestType === 'Delete' ? {} : await brokersOf(clusterArn) };
  } catch (error) {
    return { Status: 'FAILED', Reason: `Cannot read the bootstrap brokers of "${clusterArn}": ${error}` };
  }
}

async function brokersOf(clusterArn: string): Promise<{ BootstrapBrokers: string }> {
  const { BootstrapBrokerStringSaslIam } = await kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }));
  if (!BootstrapBrokerStringSaslIam) {
    throw new Error('the cluster has no IAM listener');
  }
  return { BootstrapBrokers: BootstrapBrokerStringSaslIam };
}
