/** What alarms and dashboard of an event look at. */

import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { CLUSTER_NAME, sinkConsumerGroup } from '../../pipeline/contract/names.ts';
import { METRIC_NAMESPACE, type MetricName } from '../../pipeline/metrics.ts';
import type { MetricSeries } from '../alarm.ts';

/** The resources of an event's stack that have metrics. */
export interface ObservedEvent {
  readonly contract: CompiledContract;
  readonly sinkFunctionName: string;
  readonly loaderFunctionName: string;
  readonly loadQueueName: string;
  readonly deadLetterQueueName: string;
}

/** One of our own metrics, of this event. */
export const eventMetric = (
  { contract }: ObservedEvent,
  name: MetricName,
  statistic: MetricSeries['statistic'],
): MetricSeries => ({ namespace: METRIC_NAMESPACE, name, dimensions: { event: contract.event }, statistic });

/** How long the consumer group of a `stream` sink needs for what it has not read, in seconds: MSK's estimate. */
export const topicTimeLag = ({ contract: { event, topic } }: ObservedEvent): MetricSeries => ({
  namespace: 'AWS/Kafka',
  name: 'EstimatedMaxTimeLag',
  dimensions: { 'Cluster Name': CLUSTER_NAME, 'Consumer Group': sinkConsumerGroup(event), Topic: topic.name },
  statistic: 'Maximum',
});
