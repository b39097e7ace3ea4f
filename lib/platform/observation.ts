/** Alarms and dashboard of what all events share. */
import { Construct } from 'constructs';
import { CLUSTER_NAME, PLATFORM_DASHBOARD, platformAlarmName } from '../../pipeline/contract/names.ts';
import { METRIC_NAMESPACE } from '../../pipeline/metrics.ts';
import { type MetricSeries, type PromiseAlarmProps, promiseAlarm } from '../alarm.ts';
import { ALARMS } from '../alarm-limits.ts';
import { CLUSTER } from '../config.ts';
import { type Chart, dashboard } from '../dashboard.ts';
import { functionMetric, queueMetric } from '../service-metrics.ts';

export interface ObservedPlatform {
  readonly apiId: string;
  readonly proxyFunctionName: string;
  readonly relayQueueName: string;
  readonly relayDeadLetterQueueName: string;
  /** An SNS topic's ARN. */
  readonly notify: string;
}

type Promised = Omit<PromiseAlarmProps, 'name' | 'heading' | 'notify' | 'periodSeconds' | 'missing' | 'comparison'>;

/** Every alarm has a heading in docs/runbook.md. */
export class PlatformObservation extends Construct {
  constructor(scope: Construct, id: string, observed: ObservedPlatform) {
    super(scope, id);
    const promises: Readonly<Record<string, Promised>> = {
      IngestErrors: {
        meaning: `More than ${ALARMS.ingestErrorPercent} % of the requests are answered with 5xx.`,
        series: { errors: apiMetric(observed, '5xx', 'Sum'), requests: apiMetric(observed, 'Count', 'Sum') },
        expression: '100 * errors / requests',
        threshold: ALARMS.ingestErrorPercent,
        periods: ALARMS.periods,
      },
      IngestThrottles: {
        meaning: 'Requests find no free proxy.',
        series: { throttles: functionMetric(observed.proxyFunctionName, 'Throttles', 'Sum') },
        threshold: 0,
        periods: ALARMS.periods,
      },
      RelayQueue: {
        meaning: `Events answered with 202 wait for Kafka for more than ${ALARMS.relayQueueAgeSeconds} s.`,
        series: { age: queueMetric(observed.relayQueueName, 'ApproximateAgeOfOldestMessage') },
        threshold: ALARMS.relayQueueAgeSeconds,
        periods: 1,
      },
      FailedRelays: {
        meaning: 'Events answered with 202 were given up.',
        series: { messages: queueMetric(observed.relayDeadLetterQueueName, 'ApproximateNumberOfMessagesVisible') },
        threshold: 0,
        periods: 1,
      },
      BrokerCpu: {
        meaning: `A broker is more than ${ALARMS.brokerCpuPercent} % busy.`,
        series: brokerCpu(),
        expression: 'MAX([SUM([user1, system1]), SUM([user2, system2]), SUM([user3, system3])])',
        threshold: ALARMS.brokerCpuPercent,
        periods: ALARMS.periods,
      },
    };
    const common = {
      notify: observed.notify,
      comparison: 'GreaterThanThreshold',
      periodSeconds: ALARMS.periodSeconds,
      missing: 'notBreaching',
    } as const;
    const alarms = Object.entries(promises).map(([heading, promised]) =>
      promiseAlarm(this, heading, { name: platformAlarmName(heading), heading, ...common, ...promised }),
    );
    const alarmArns = alarms.map(({ attrArn }) => attrArn);
    dashboard(this, 'Dashboard', {
      name: PLATFORM_DASHBOARD,
      alarmArns,
      rows: [ingest(observed), brokers(), events(), [relay(observed)]],
    });
  }
}

const apiMetric = (
  { apiId }: ObservedPlatform,
  name: 'Count' | '4xx' | '5xx' | 'Latency',
  statistic: MetricSeries['statistic'],
): MetricSeries => ({ namespace: 'AWS/ApiGateway', name, dimensions: { ApiId: apiId }, statistic });

const brokerMetric = (name: string, broker: number): MetricSeries => ({
  namespace: 'AWS/Kafka',
  name,
  dimensions: { 'Cluster Name': CLUSTER_NAME, 'Broker ID': String(broker) },
  statistic: 'Maximum',
});

/** MSK numbers its brokers from 1. */
const BROKERS = Array.from({ length: CLUSTER.brokers }, (_, index) => index + 1);

const brokerCpu = (): Record<string, MetricSeries> =>
  Object.fromEntries(
    BROKERS.flatMap((broker) => [
      [`user${broker}`, brokerMetric('CpuUser', broker)],
      [`system${broker}`, brokerMetric('CpuSystem', broker)],
    ]),
  );

function ingest(observed: ObservedPlatform): Chart[] {
  return [
    {
      title: 'Requests a minute',
      series: {
        all: apiMetric(observed, 'Count', 'Sum'),
        '4xx': apiMetric(observed, '4xx', 'Sum'),
        '5xx': apiMetric(observed, '5xx', 'Sum'),
      },
    },
    {
      title: 'Milliseconds to the answer',
      series: { p50: apiMetric(observed, 'Latency', 'p50'), p99: apiMetric(observed, 'Latency', 'p99') },
    },
    {
      title: 'Proxies at once',
      series: {
        busy: functionMetric(observed.proxyFunctionName, 'ConcurrentExecutions', 'Maximum'),
        throttled: functionMetric(observed.proxyFunctionName, 'Throttles', 'Sum'),
      },
    },
  ];
}

const eachBroker = (name: string): Record<string, MetricSeries> =>
  Object.fromEntries(BROKERS.map((broker) => [`broker ${broker}`, brokerMetric(name, broker)]));

const brokers = (): Chart[] => [
  { title: 'Brokers: CPU percent', series: brokerCpu() },
  { title: 'Brokers: bytes in a second', series: eachBroker('BytesInPerSec') },
  { title: 'Brokers: connections', series: eachBroker('ConnectionCount') },
];

const relay = ({ relayQueueName, relayDeadLetterQueueName }: ObservedPlatform): Chart => ({
  title: 'Answered with 202',
  series: {
    'seconds waiting': queueMetric(relayQueueName, 'ApproximateAgeOfOldestMessage'),
    'given up': queueMetric(relayDeadLetterQueueName, 'ApproximateNumberOfMessagesVisible'),
  },
});

/** One line for each event, also for those that come later. */
const events = (): Chart[] => [
  { title: 'Accepted, by event', series: { '': everyEvent('Accepted', 'Sum') } },
  { title: 'Age in the lake in seconds, by event', series: { '': everyEvent('FreshnessSeconds', 'Maximum') } },
  {
    title: 'Lost and doubled, by event',
    series: { lost: everyEvent('LostRecords', 'Maximum'), doubled: everyEvent('DuplicatedRows', 'Maximum') },
  },
];

const everyEvent = (name: string, statistic: string): string =>
  `SEARCH('{${METRIC_NAMESPACE},event} MetricName="${name}"', '${statistic}', 60)`;
