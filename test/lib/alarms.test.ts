import { readFileSync } from 'node:fs';
import { EventStack } from '../../lib/event-stack.ts';
import { PlatformStack } from '../../lib/platform-stack.ts';
import { METRICS } from '../../pipeline/metrics.ts';
import { contractOf } from './contract-of.ts';
import { maskedTemplate, ofType, only, type Template, testApp } from './synthesize.ts';

const app = testApp();
new PlatformStack(app);
new EventStack(app, contractOf('fast', { freshnessSeconds: 15, warehouse: { target: 'redshift', table: 'fast' } }));
new EventStack(app, contractOf('slow', { freshnessSeconds: 3600, warehouse: { target: 'athena', table: 'slow' } }));
new EventStack(app, contractOf('laptops_own'));
const platform = maskedTemplate(app, 'Platform');
const fast = maskedTemplate(app, 'Event-fast');
const slow = maskedTemplate(app, 'Event-slow');
const unloaded = maskedTemplate(app, 'Event-laptops-own');
const templates = { platform, fast, slow, unloaded };

interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: { readonly Period: number; readonly Metric: { readonly MetricName: string } };
}

const alarmsOf = (template: Template) =>
  ofType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const nameOf = (alarm: Record<string, unknown>) => String(alarm['AlarmName']);
const headingOf = (alarm: Record<string, unknown>) => nameOf(alarm).slice(nameOf(alarm).lastIndexOf('-') + 1);
const alarm = (template: Template, heading: string) =>
  alarmsOf(template).find((one) => headingOf(one) === heading) as Record<string, unknown>;

test('every alarm has a heading in the runbook, and every heading an alarm', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const alarms = new Set(Object.values(templates).flatMap((template) => alarmsOf(template).map(headingOf)));
  expect(headings.sort()).toEqual([...alarms].sort());
  for (const one of Object.values(templates).flatMap(alarmsOf)) {
    expect(one['AlarmDescription']).toMatch(new RegExp(`docs/runbook.md, ${headingOf(one)}$`));
  }
});

test('the runbook tells of each alarm what it means, what to look at and what to do', () => {
  const sections = readFileSync('docs/runbook.md', 'utf8').split(/^## /m).slice(1);
  for (const section of sections) {
    expect(section).toMatch(/\*\*Means\*\*[\s\S]*\*\*Look at\*\*[\s\S]*\*\*Do\*\*/);
  }
});

test('every alarm, and its end, is told to the topic of the platform', () => {
  const topicId = ofType(platform, 'AWS::SNS::Topic')[0]?.[0];
  expect(platform.Outputs['AlarmTopicArn']?.Value).toEqual({ Ref: topicId });
  const output = { 'Fn::GetStackOutput': { StackName: 'Platform', OutputName: 'AlarmTopicArn' } };
  for (const one of [...alarmsOf(fast), ...alarmsOf(slow)]) {
    expect([one['AlarmActions'], one['OKActions']]).toEqual([[output], [output]]);
  }
  for (const one of alarmsOf(platform)) {
    expect(one['AlarmActions']).toEqual([{ Ref: topicId }]);
  }
  expect(JSON.stringify(only(platform, 'AWS::SNS::TopicPolicy'))).toContain('"cloudwatch.amazonaws.com"');
});

test('Freshness is the contract’s own number, over periods in which a sink runs at least once', () => {
  expect(alarm(fast, 'Freshness')).toMatchObject({ Threshold: 15, EvaluationPeriods: 3 });
  expect(alarm(slow, 'Freshness')).toMatchObject({ Threshold: 3600, Period: 3600, MetricName: 'FreshnessSeconds' });
});

test('Freshness of a stream counts Kafka’s lag too, for a sink that commits nothing tells no age', () => {
  const queries = alarm(fast, 'Freshness')['Metrics'] as Query[];
  expect(queries.map(({ MetricStat }) => MetricStat?.Metric.MetricName)).toEqual([
    undefined,
    'FreshnessSeconds',
    'EstimatedMaxTimeLag',
  ]);
  expect(JSON.stringify(queries)).toContain('"headrace-sink-fast"');
});

test('Sink of a drain rings when no run succeeds, also when the schedule starts none', () => {
  expect(alarm(slow, 'Sink')).toMatchObject({
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    TreatMissingData: 'breaching',
  });
  expect(alarm(fast, 'Sink')).toMatchObject({ MetricName: 'Errors', Threshold: 0, TreatMissingData: 'notBreaching' });
});

test('Audit rings for one fault, and for an audit that does not come', () => {
  const audit = alarm(fast, 'Audit');
  expect(audit).toMatchObject({ Threshold: 0, EvaluationPeriods: 1, TreatMissingData: 'breaching' });
  expect(audit).toMatchObject({ MetricName: 'AuditFaults', Namespace: 'Headrace', Statistic: 'Maximum' });
});

test('an event that no warehouse loads on AWS has no alarm that could only ring, and is named at synthesis', () => {
  expect(alarmsOf(unloaded).map(headingOf).sort()).toEqual(['DeadLetters', 'Freshness', 'Sink']);
  expect(alarmsOf(slow).map(headingOf).sort()).toEqual([
    'Audit',
    'DeadLetters',
    'FailedLoads',
    'Freshness',
    'LoadQueue',
    'Sink',
  ]);
  const notes = app.synth().stacks.flatMap(({ messages }) => messages.map(({ level, entry }) => [level, entry.data]));
  expect(notes).toEqual([
    ['info', expect.stringMatching(/rows of laptops_own .* no table.* event\.yaml, such as "warehouse: \{ target: /)],
  ]);
});

test('an expression names exactly the series that its alarm has', () => {
  for (const one of Object.values(templates).flatMap(alarmsOf)) {
    const queries = (one['Metrics'] ?? []) as Query[];
    const [result, ...series] = queries;
    const functions = ['FILL', 'MAX', 'SUM'];
    const used = (result?.Expression?.match(/[A-Za-z]\w*/g) ?? []).filter((word) => !functions.includes(word));
    expect([nameOf(one), [...new Set(used)].sort()]).toEqual([nameOf(one), series.map(({ Id }) => Id).sort()]);
  }
});

test('alarms stay within what CloudWatch evaluates: a day', () => {
  for (const one of Object.values(templates).flatMap(alarmsOf)) {
    const periods = [one['Period'], ...((one['Metrics'] ?? []) as Query[]).map(({ MetricStat }) => MetricStat?.Period)];
    const period = Math.max(...periods.filter((each) => each !== undefined).map(Number));
    expect(period % 60).toBe(0);
    expect(period * Number(one['EvaluationPeriods'])).toBeLessThanOrEqual(86_400);
  }
});

/** The body as it will be: references become their own text. */
function bodyOf(template: Template): { widgets: Array<{ type: string; properties: Record<string, unknown> }> } {
  const { DashboardBody } = only(template, 'AWS::CloudWatch::Dashboard').Properties;
  const [separator, parts] = (DashboardBody as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  const text = parts.map((part) =>
    typeof part === 'string'
      ? part
      : Object.values(part as object)
          .flat()
          .join('.'),
  );
  return JSON.parse(text.join(separator));
}

/** A dot stands for what is in its place in the line above. */
function expanded(lines: readonly unknown[][]): unknown[][] {
  let above: unknown[] = [];
  return lines.map((line) => {
    above = line.map((part, place) => (part === '.' ? above[place] : part));
    return above;
  });
}

test.each(Object.entries(templates))(
  'the dashboard of %s shows its alarms, and metrics that are written',
  (_, template) => {
    const { widgets } = bodyOf(template);
    const [first, ...charts] = widgets;
    expect(first?.type).toBe('alarm');
    expect(first?.properties['alarms']).toHaveLength(alarmsOf(template).length);
    const lines = charts.flatMap(({ properties }) => expanded(properties['metrics'] as unknown[][]));
    const own = lines.filter(([namespace]) => namespace === 'Headrace').map(([, name]) => String(name));
    const searched = lines.flatMap(
      ([head]) => /MetricName="(\w+)"/.exec((head as { expression?: string }).expression ?? '')?.[1] ?? [],
    );
    expect(own.length + searched.length).toBeGreaterThan(0);
    expect([...own, ...searched].filter((name) => !(name in METRICS))).toEqual([]);
  },
);

test('the dashboard of an event shows its records in Kafka, by whoever counts them', () => {
  const lagOf = (template: Template) =>
    bodyOf(template)
      .widgets.flatMap(({ properties }) => expanded((properties['metrics'] ?? []) as unknown[][]))
      .find((line) => (line.at(-1) as { label?: string }).label === 'records in Kafka')
      ?.slice(0, -1);
  const group = ['Cluster Name', 'headrace', 'Consumer Group', 'headrace-sink-fast', 'Topic', 'fast'];
  expect(lagOf(fast)).toEqual(['AWS/Kafka', 'SumOffsetLag', ...group]);
  expect(lagOf(slow)).toEqual(['Headrace', 'LagRecords', 'event', 'slow']);
});

test('dashboards have names that CloudWatch allows', () => {
  for (const template of Object.values(templates)) {
    const { DashboardName } = only(template, 'AWS::CloudWatch::Dashboard').Properties;
    expect(DashboardName).toMatch(/^[A-Za-z0-9_-]{1,255}$/);
  }
});
