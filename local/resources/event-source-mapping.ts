/** AWS::Lambda::EventSourceMapping. */
import { KafkaEventSource } from '../event-sources/kafka-event-source.ts';
import { SqsEventSource } from '../event-sources/sqs-event-source.ts';
import type { CreateResource, Deployment, EventSource, ResourceRequest } from './deployment.ts';
import { findFunction } from './find-function.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

const COMMON = ['BatchSize', 'Enabled', 'EventSourceArn', 'FunctionName', 'MaximumBatchingWindowInSeconds'];
/** `ScalingConfig` and `ProvisionedPollerConfig` bound how far Lambda scales; the host has one poller a mapping. */
const WITHOUT_EFFECT = ['LoggingConfig', 'MetricsConfig', 'ProvisionedPollerConfig', 'ScalingConfig', 'Tags'];
/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
const KAFKA_BATCH_DEFAULT = 100;
const KAFKA_WINDOW_MS_DEFAULT = 500;
const SQS_BATCH_DEFAULT = 10;

/** Filters, destinations, bisecting and limits on retries are refused: the host does none of them. */
export const createEventSourceMapping: CreateResource = async (request, deployment) => {
  const { properties } = request;
  const id = physicalName(request.stackName, request.logicalId, 200);
  const arn = String(properties['EventSourceArn']);
  const source = arn.includes(':kafka:')
    ? kafkaSource(request, arn, id, deployment)
    : sqsSource(request, arn, deployment);
  if (properties['Enabled'] !== false) deployment.eventSources.push(source);
  return { ref: id, attributes: { Id: id } };
};

function kafkaSource({ properties }: ResourceRequest, arn: string, id: string, deployment: Deployment): EventSource {
  const kafkaOnly = ['AmazonManagedKafkaEventSourceConfig', 'StartingPosition', 'Topics'];
  expectProperties(properties, [...COMMON, ...kafkaOnly], WITHOUT_EFFECT);
  const { ConsumerGroupId = id, ...others } = (properties['AmazonManagedKafkaEventSourceConfig'] ?? {}) as {
    ConsumerGroupId?: string;
  };
  expectProperties(others, ['ConsumerGroupId'], []);
  const position = String(properties['StartingPosition']);
  if (position !== 'TRIM_HORIZON' && position !== 'LATEST') {
    throw new Error(`the laptop host knows the starting positions TRIM_HORIZON and LATEST, not ${position}`);
  }
  const [topic, ...otherTopics] = properties['Topics'] as string[];
  if (topic === undefined || otherTopics.length > 0) throw new Error('the laptop host reads one topic a mapping');
  const windowSeconds = properties['MaximumBatchingWindowInSeconds'];
  const groupId = deployment.consumerGroup(ConsumerGroupId);
  const consumer = { topic, groupId, fromBeginning: position === 'TRIM_HORIZON' };
  deployment.consumers.push(consumer);
  return new KafkaEventSource({
    ...consumer,
    kafka: deployment.kafka,
    clusterArn: arn,
    batchSize: Number(properties['BatchSize'] ?? KAFKA_BATCH_DEFAULT),
    windowMs: windowSeconds === undefined ? KAFKA_WINDOW_MS_DEFAULT : Number(windowSeconds) * 1000,
    function: findFunction(deployment, String(properties['FunctionName'])),
    log: deployment.log,
  });
}

function sqsSource({ properties }: ResourceRequest, arn: string, deployment: Deployment): EventSource {
  expectProperties(properties, [...COMMON, 'FunctionResponseTypes'], WITHOUT_EFFECT);
  if (!deployment.aws.queues.has(arn))
    throw new Error(`its event source ${arn} is no queue and no cluster of the stacks`);
  const responseTypes = (properties['FunctionResponseTypes'] ?? []) as readonly string[];
  return new SqsEventSource({
    queues: deployment.aws.queues,
    queueArn: arn,
    batchSize: Number(properties['BatchSize'] ?? SQS_BATCH_DEFAULT),
    windowMs: Number(properties['MaximumBatchingWindowInSeconds'] ?? 0) * 1000,
    reportsFailures: responseTypes.includes('ReportBatchItemFailures'),
    function: findFunction(deployment, String(properties['FunctionName'])),
  });
}
