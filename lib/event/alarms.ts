/** The alarms of one event: one for each promise. */
import type { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { eventAlarmName } from '../../pipeline/contract/names.ts';
import { type PromiseAlarmProps, promiseAlarm } from '../alarm.ts';
import { ALARMS } from '../alarm-limits.ts';
import { platformValue } from '../platform-values.ts';
import { functionMetric, queueMetric } from '../service-metrics.ts';
import { eventMetric, groupLag, isStream, type ObservedEvent } from './observed-event.ts';
import { isLoadedOnAws } from './warehouse-access.ts';

type Promised = Omit<PromiseAlarmProps, 'name' | 'heading' | 'notify'>;

/**
 * Fresh, running, valid; and where there is a warehouse loading, loaded, complete: without one these could only ring.
 * Every one has a heading in docs/runbook.md.
 */
export class EventAlarms extends Construct {
  readonly alarms: readonly CfnAlarm[];

  constructor(scope: Construct, id: string, observed: ObservedEvent) {
    super(scope, id);
    const { contract } = observed;
    const promises: Readonly<Record<string, Promised>> = {
      Freshness: freshness(observed),
      Sink: isStream(observed) ? streamRuns(observed) : drainRuns(observed),
      DeadLetters: deadLetters(observed),
      ...(isLoadedOnAws(contract) && {
        LoadQueue: loadQueue(observed),
        FailedLoads: failedLoads(observed),
        Audit: audit(observed),
      }),
    };
    const notify = platformValue('AlarmTopicArn');
    this.alarms = Object.entries(promises).map(([heading, promised]) =>
      promiseAlarm(this, heading, { name: eventAlarmName(contract.event, heading), heading, notify, ...promised }),
    );
  }
}

/**
 * The age that records had when they were committed. A batch trigger that stands still commits nothing and so tells no
 * age: there the estimate of Kafka's own lag stands in.
 */
function freshness(observed: ObservedEvent): Promised {
  const { freshnessSeconds } = observed.contract;
  const age = eventMetric(observed, 'FreshnessSeconds', 'Maximum');
  return {
    meaning: `Records reach the lake later than after ${freshnessSeconds} s.`,
    ...(isStream(observed)
      ? {
          series: { age, lag: groupLag(observed, 'EstimatedMaxTimeLag') },
          expression: 'MAX([FILL(age, 0), FILL(lag, 0)])',
        }
      : { series: { age } }),
    comparison: 'GreaterThanThreshold',
    threshold: freshnessSeconds,
    periodSeconds: sinkPeriodSeconds(observed),
    periods: ALARMS.periods,
    missing: 'notBreaching',
  };
}

/** Long enough for a run of the slowest sink. */
function sinkPeriodSeconds({ contract: { freshnessSeconds } }: ObservedEvent): number {
  return Math.max(ALARMS.periodSeconds, Math.ceil(freshnessSeconds / 60) * 60);
}

/** One failure is repeated at once and does no harm. */
const streamRuns = (observed: ObservedEvent): Promised => ({
  meaning: 'The sink fails again and again.',
  series: { errors: functionMetric(observed.sinkFunctionName, 'Errors', 'Sum') },
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periodSeconds: ALARMS.periodSeconds,
  periods: ALARMS.periods,
  missing: 'notBreaching',
});

/** A schedule that starts nothing is as bad as a run that fails, and a sink that never ran has no metric at all. */
const drainRuns = (observed: ObservedEvent): Promised => ({
  meaning: 'No run of the sink succeeds.',
  series: {
    runs: functionMetric(observed.sinkFunctionName, 'Invocations', 'Sum'),
    errors: functionMetric(observed.sinkFunctionName, 'Errors', 'Sum'),
  },
  expression: 'runs - FILL(errors, 0)',
  comparison: 'LessThanThreshold',
  threshold: 1,
  periodSeconds: sinkPeriodSeconds(observed),
  periods: ALARMS.periods,
  missing: 'breaching',
});

const loadQueue = ({ loadQueueName }: ObservedEvent): Promised => ({
  meaning: `A commit has waited for its load for more than ${ALARMS.loadQueueAgeSeconds} s.`,
  series: { age: queueMetric(loadQueueName, 'ApproximateAgeOfOldestMessage') },
  comparison: 'GreaterThanThreshold',
  threshold: ALARMS.loadQueueAgeSeconds,
  periodSeconds: ALARMS.periodSeconds,
  periods: 1,
  missing: 'notBreaching',
});

const failedLoads = ({ deadLetterQueueName }: ObservedEvent): Promised => ({
  meaning: 'Loads were given up.',
  series: { messages: queueMetric(deadLetterQueueName, 'ApproximateNumberOfMessagesVisible') },
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periodSeconds: ALARMS.periodSeconds,
  periods: 1,
  missing: 'notBreaching',
});

const deadLetters = (observed: ObservedEvent): Promised => ({
  meaning: `More than ${ALARMS.rejectedPercent} % of the records became dead letters.`,
  series: {
    rejected: eventMetric(observed, 'RejectedRecords', 'Sum'),
    rows: eventMetric(observed, 'CommittedRows', 'Sum'),
  },
  expression: '100 * rejected / (rejected + rows)',
  comparison: 'GreaterThanThreshold',
  threshold: ALARMS.rejectedPercent,
  periodSeconds: sinkPeriodSeconds(observed),
  periods: 1,
  missing: 'notBreaching',
});

/** An audit that does not come proves nothing, so that is an alarm too. A fault is one before it loses or doubles. */
const audit = (observed: ObservedEvent): Promised => ({
  meaning: 'Lake, ledger and table do not agree: records may be lost or doubled; or nobody has looked.',
  series: { faults: eventMetric(observed, 'AuditFaults', 'Maximum') },
  comparison: 'GreaterThanThreshold',
  threshold: 0,
  periodSeconds: ALARMS.auditPeriodSeconds,
  periods: 1,
  missing: 'breaching',
});
