/** A CloudWatch alarm on one promise. */
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** A metric of CloudWatch, as an alarm or a chart reads it. */
export interface MetricSeries {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum' | 'Average' | 'p50' | 'p99';
}

export interface PromiseAlarmProps {
  /** Unique in account and region. */
  readonly name: string;
  /** The heading of the runbook that says what to do. */
  readonly heading: string;
  /** What is broken, in one sentence. */
  readonly meaning: string;
  /** By the name under which the expression knows them. */
  readonly series: Readonly<Record<string, MetricSeries>>;
  /** Metric math over the series. @default the only series itself */
  readonly expression?: string;
  readonly comparison: 'GreaterThanThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  readonly periodSeconds: number;
  /** So many periods in a row must be over the threshold. */
  readonly periods: number;
  /** Whether a period without a value is one over the threshold. */
  readonly missing: 'breaching' | 'notBreaching';
  /** An SNS topic's ARN: it hears of the alarm and of its end. */
  readonly notify: string;
}

/** @returns the alarm; its description leads to the runbook. */
export function promiseAlarm(scope: Construct, id: string, props: PromiseAlarmProps): CfnAlarm {
  const { name, heading, meaning, comparison, threshold, periods, missing, notify } = props;
  return new CfnAlarm(scope, id, {
    alarmName: name,
    alarmDescription: `${meaning} docs/runbook.md, ${heading}`,
    ...measure(props),
    comparisonOperator: comparison,
    threshold,
    evaluationPeriods: periods,
    treatMissingData: missing,
    alarmActions: [notify],
    okActions: [notify],
  });
}

function measure({ series, expression, periodSeconds }: PromiseAlarmProps): object {
  const all = Object.entries(series);
  const [only] = Object.values(series);
  if (expression === undefined && only !== undefined && all.length === 1) {
    return {
      namespace: only.namespace,
      metricName: only.name,
      dimensions: dimensionList(only),
      statistic: only.statistic,
      period: periodSeconds,
    };
  }
  const sources = all.map(([id, one]) => ({
    id,
    metricStat: {
      metric: { namespace: one.namespace, metricName: one.name, dimensions: dimensionList(one) },
      period: periodSeconds,
      stat: one.statistic,
    },
    returnData: false,
  }));
  return { metrics: [{ id: 'result', expression }, ...sources] };
}

const dimensionList = ({ dimensions }: MetricSeries): object[] =>
  Object.entries(dimensions).map(([name, value]) => ({ name, value }));
