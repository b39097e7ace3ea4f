/** The dashboard of one event: from left to right the way of its records, from top to bottom what to look at first. */
import type { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { eventDashboardName } from '../../pipeline/contract/names.ts';
import { METRIC_NAMESPACE } from '../../pipeline/metrics.ts';
import { type Chart, dashboard } from '../dashboard.ts';
import { functionMetric, queueMetric } from '../service-metrics.ts';
import { eventMetric, lagRecords, type ObservedEvent } from './observed-event.ts';

export function eventDashboard(
  scope: Construct,
  id: string,
  observed: ObservedEvent,
  alarmArns: readonly string[],
): CfnDashboard {
  const name = eventDashboardName(observed.contract.event);
  return dashboard(scope, id, { name, alarmArns, rows: [flow(observed), ages(observed), health(observed)] });
}

function flow(observed: ObservedEvent): Chart[] {
  const sum = (name: Parameters<typeof eventMetric>[1]) => eventMetric(observed, name, 'Sum');
  return [
    {
      title: 'Records a minute',
      series: { accepted: sum('Accepted'), committed: sum('CommittedRows'), loaded: sum('LoadedRows') },
    },
    {
      title: 'Refused, and dead letters, by code',
      series: { refused: byCode(observed, 'Refused'), 'dead letters': byCode(observed, 'DeadLetters') },
    },
    {
      title: 'Not right',
      series: {
        lost: eventMetric(observed, 'LostRecords', 'Maximum'),
        doubled: eventMetric(observed, 'DuplicatedRows', 'Maximum'),
        'failed loads': queueMetric(observed.deadLetterQueueName, 'ApproximateNumberOfMessagesVisible'),
      },
    },
  ];
}

function ages(observed: ObservedEvent): Chart[] {
  const max = (name: Parameters<typeof eventMetric>[1]) => eventMetric(observed, name, 'Maximum');
  return [
    {
      title: 'Age in seconds',
      series: { 'in the lake': max('FreshnessSeconds'), 'in the warehouse': max('RowAgeSeconds') },
      promise: observed.contract.freshnessSeconds,
    },
    { title: 'Seconds of a commit, of a load', series: { commit: max('CommitSeconds'), load: max('LoadSeconds') } },
    {
      title: 'Waiting',
      series: {
        'records in Kafka': lagRecords(observed),
        'seconds in the load queue': queueMetric(observed.loadQueueName, 'ApproximateAgeOfOldestMessage'),
      },
    },
  ];
}

function health({ sinkFunctionName: sink, loaderFunctionName: loader }: ObservedEvent): Chart[] {
  return [
    {
      title: 'Functions: errors',
      series: { sink: functionMetric(sink, 'Errors', 'Sum'), loader: functionMetric(loader, 'Errors', 'Sum') },
    },
    {
      title: 'Functions: milliseconds',
      series: {
        sink: functionMetric(sink, 'Duration', 'Maximum'),
        loader: functionMetric(loader, 'Duration', 'Maximum'),
      },
    },
  ];
}

const byCode = ({ contract: { event } }: ObservedEvent, name: string): string =>
  `SEARCH('{${METRIC_NAMESPACE},event,code} event="${event}" MetricName="${name}"', 'Sum', 60)`;
