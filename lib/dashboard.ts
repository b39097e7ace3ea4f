/** Dashboards as data: rows of charts, one above the other. */
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Aws, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { MetricSeries } from './alarm.ts';

export interface Chart {
  readonly title: string;
  /** By label; a text is a search expression. */
  readonly series: Readonly<Record<string, MetricSeries | string>>;
  /** A line at what was promised. */
  readonly promise?: number;
}

export interface DashboardProps {
  readonly name: string;
  /** Alarms whose state is shown on top. */
  readonly alarmArns: readonly string[];
  readonly rows: ReadonlyArray<readonly Chart[]>;
}

const WIDTH = 24;
const ALARMS_HEIGHT = 2;
const CHART_HEIGHT = 6;
const PERIOD_SECONDS = 60;

export function dashboard(scope: Construct, id: string, { name, alarmArns, rows }: DashboardProps): CfnDashboard {
  const alarms = {
    type: 'alarm',
    width: WIDTH,
    height: ALARMS_HEIGHT,
    properties: { title: 'Promises', alarms: alarmArns },
  };
  const charts = rows.flatMap((row, index) =>
    row.map((chart, column) => ({
      type: 'metric',
      x: (column * WIDTH) / row.length,
      y: ALARMS_HEIGHT + index * CHART_HEIGHT,
      width: WIDTH / row.length,
      height: CHART_HEIGHT,
      properties: chartProperties(chart),
    })),
  );
  const dashboardBody = Stack.of(scope).toJsonString({ widgets: [alarms, ...charts] });
  return new CfnDashboard(scope, id, { dashboardName: name, dashboardBody });
}

function chartProperties({ title, series, promise }: Chart): object {
  return {
    title,
    region: Aws.REGION,
    period: PERIOD_SECONDS,
    yAxis: { left: { min: 0 } },
    metrics: shortened(Object.entries(series).map(([label, one]) => metricLine(label, one))),
    ...(promise === undefined ? {} : { annotations: { horizontal: [{ label: 'promised', value: promise }] } }),
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function metricLine(label: string, series: MetricSeries | string): unknown[] {
  if (typeof series === 'string') {
    return [{ expression: series, label }];
  }
  const { namespace, name, dimensions, statistic } = series;
  return [namespace, name, ...Object.entries(dimensions).flat(), { stat: statistic, label }];
}

/** A dot stands for what is in its place in the line above: a template has its bounds. */
const shortened = (lines: ReadonlyArray<readonly unknown[]>): unknown[][] =>
  lines.map((line, index) =>
    line.map((part, place) => (typeof part === 'string' && part === lines[index - 1]?.[place] ? '.' : part)),
  );
