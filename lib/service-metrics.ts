/** The metrics that AWS's services write by themselves. */
import type { MetricSeries } from './alarm.ts';

export const functionMetric = (
  functionName: string,
  name: 'ConcurrentExecutions' | 'Duration' | 'Errors' | 'Invocations' | 'Throttles',
  statistic: MetricSeries['statistic'],
): MetricSeries => ({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName }, statistic });

/** The age is in seconds. */
export const queueMetric = (
  queueName: string,
  name: 'ApproximateAgeOfOldestMessage' | 'ApproximateNumberOfMessagesVisible',
): MetricSeries => ({ namespace: 'AWS/SQS', name, dimensions: { QueueName: queueName }, statistic: 'Maximum' });
