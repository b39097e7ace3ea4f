/** What alarms and dashboard of an event look at. */

import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { CLUSTER_NAME, sinkConsumerGroup } from '../../pipeline/contract/names.ts';
import { sinkTrigger } from '../../pipeline/contract/sink-trigger.ts';
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

export const isStream = ({ contract }: ObservedEvent): boolean => sinkTrigger(contract).kind === 'stream';

/**
 * Records in Kafka that are not in the lake. A draining sink counts them at the end of a run; of a stream, whose function
 * does not see the topic's end, MSK knows what its consumer group has not read.
 */
export const lagRecords = (observed: ObservedEvent): MetricSeries =>
  isStream(observed) ? groupLag(observed, 'SumOffsetLag') : eventMetric(observed, 'LagRecords', 'Maximum');

/**
 * MSK's numbers of the consumer group of a `stream` sink: an estimate of the seconds that it needs for what it has not
 * read, and these records. https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details-express.html
 */
export const groupLag = (
  { contract: { event, topic } }: ObservedEvent,
  name: 'EstimatedMaxTimeLag' | 'SumOffsetLag',
): MetricSeries => ({
  namespace: 'AWS/Kafka',
  name,
  dimensions: { 'Cluster Name': CLUSTER_NAME, 'Consumer Group': sinkConsumerGroup(event), Topic: topic.name },
  statistic: 'Maximum',
});
