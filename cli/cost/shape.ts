/** What a template says that has a price. */
import type { Template, TemplateResource, TemplateValue } from '../../local/assembly.ts';
import { METRICS } from '../../pipeline/metrics.ts';
import { CommandError } from '../command-error.ts';

export type Trigger =
  | {
      readonly kind: 'stream';
      readonly windowSeconds: number;
      readonly batchSize: number;
      /** Of a provisioned mapping; 0 for one on demand. */
      readonly pollerUnits: number;
    }
  | { readonly kind: 'drain'; readonly everySeconds: number; readonly commitBytes: number };

export interface ScheduledRun {
  readonly everySeconds: number;
  readonly memoryMb: number;
}

export interface EventShape {
  readonly partitions: number;
  readonly retentionHours: number;
  readonly trigger: Trigger;
  readonly sinkMemoryMb: number;
  readonly loaderMemoryMb: number;
  readonly loaderBatchSize: number;
  readonly loaderWindowSeconds: number;
  /** What schedules start besides the sink. */
  readonly runs: readonly ScheduledRun[];
  readonly observation: Observation;
}

export interface PlatformShape {
  readonly proxyMemoryMb: number;
  readonly brokers: number;
  readonly instanceType: string;
  /** Of each Standard broker; 0 for Express. */
  readonly volumeGb: number;
  /** Network interfaces of endpoints: one in each subnet of each. */
  readonly endpointInterfaces: number;
  readonly observation: Observation;
}

export interface Observation {
  readonly metrics: number;
  readonly alarmMetrics: number;
  readonly dashboards: number;
  readonly keys: number;
  readonly secrets: number;
}

type Properties = Readonly<Record<string, TemplateValue>>;

/** @throws CommandError when the template is no event's. */
export function eventShape(template: Template): EventShape {
  const sink = functionNamed(template, 'SinkFunctionName');
  const loader = functionNamed(template, 'LoaderFunctionName');
  const topic = only(template, 'AWS::MSK::Topic');
  const loads = mappings(template).find((mapping) => mapping['Topics'] === undefined) ?? {};
  const schedules = ofType(template, 'AWS::Scheduler::Schedule');
  const starts = ({ Target }: Properties, id: string): boolean => JSON.stringify(Target).includes(`"${id}"`);
  return {
    partitions: number(topic['PartitionCount'], 1),
    retentionHours: retentionHours(topic),
    trigger: trigger(
      template,
      sink,
      schedules.find((schedule) => starts(schedule, sink.id)),
    ),
    sinkMemoryMb: memoryOf(sink.properties),
    loaderMemoryMb: memoryOf(loader.properties),
    loaderBatchSize: number(loads['BatchSize'], 10),
    loaderWindowSeconds: number(loads['MaximumBatchingWindowInSeconds'], 0),
    runs: schedules
      .filter((schedule) => !starts(schedule, sink.id))
      .map((schedule) => ({ everySeconds: everySeconds(schedule), memoryMb: targetMemory(template, schedule) })),
    observation: observation(
      template,
      Object.values(METRICS).filter(({ dimensions }) => dimensions.length === 1).length,
    ),
  };
}

/** @throws CommandError when the template is not the platform's. */
export function platformShape(template: Template): PlatformShape {
  const cluster = only(template, 'AWS::MSK::Cluster');
  const nodes = cluster['BrokerNodeGroupInfo'] as Properties;
  const storage = nodes['StorageInfo'] as { EBSStorageInfo?: { VolumeSize?: number } } | undefined;
  const endpoints = ofType(template, 'AWS::EC2::VPCEndpoint').filter(
    ({ VpcEndpointType }) => VpcEndpointType === 'Interface',
  );
  const proxies = ofType(template, 'AWS::Lambda::Function').filter(({ Environment }) =>
    JSON.stringify(Environment).includes('"CATALOG_PATH"'),
  );
  return {
    proxyMemoryMb: memoryOf(proxies[0] ?? {}),
    brokers: number(cluster['NumberOfBrokerNodes'], 3),
    instanceType: String(nodes['InstanceType']),
    volumeGb: storage?.EBSStorageInfo?.VolumeSize ?? 0,
    endpointInterfaces: endpoints.reduce((sum, { SubnetIds }) => sum + ((SubnetIds as unknown[]) ?? []).length, 0),
    observation: observation(template, 0),
  };
}

function trigger(template: Template, { properties }: NamedFunction, schedule: Properties | undefined): Trigger {
  const mapping = mappings(template).find(({ Topics }) => Topics !== undefined);
  if (mapping !== undefined) {
    const pollers = mapping['ProvisionedPollerConfig'] as { MinimumPollers?: number } | undefined;
    return {
      kind: 'stream',
      windowSeconds: number(mapping['MaximumBatchingWindowInSeconds'], 0),
      batchSize: number(mapping['BatchSize'], 100),
      pollerUnits: pollers?.MinimumPollers ?? 0,
    };
  }
  if (schedule === undefined) {
    throw new CommandError('Cannot tell what an event costs: its sink has no trigger in the template');
  }
  const variables = (properties['Environment'] as { Variables?: Properties } | undefined)?.Variables ?? {};
  const commitBytes = number(variables['COMMIT_INPUT_MB'], 128) * 1e6;
  return { kind: 'drain', everySeconds: everySeconds(schedule), commitBytes };
}

interface NamedFunction {
  readonly id: string;
  readonly properties: Properties;
}

/** The function whose name the output gives. */
function functionNamed({ Outputs, Resources }: Template, output: string): NamedFunction {
  const id = (Outputs?.[output]?.Value as { Ref?: string } | undefined)?.Ref ?? '';
  const properties = Resources?.[id]?.Properties;
  if (properties === undefined) {
    throw new CommandError(`Cannot read the template: it has no output ${output}, it must be an event's`);
  }
  return { id, properties };
}

function targetMemory({ Resources = {} }: Template, { Target }: Properties): number {
  const text = JSON.stringify(Target);
  const functions = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  return memoryOf(functions.find(([id]) => text.includes(`"${id}"`))?.[1].Properties ?? {});
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3_600, day: 86_400 };

/** Of `rate(5 minutes)`; a cron expression counts as once a day. */
function everySeconds({ ScheduleExpression }: Properties): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(ScheduleExpression)) ?? [];
  return Number(count ?? 1) * (UNIT_SECONDS[unit ?? 'day'] ?? 86_400);
}

function retentionHours({ Configs }: Properties): number {
  const text = Buffer.from(String(Configs ?? ''), 'base64').toString();
  return Number(/^retention\.ms=(\d+)$/m.exec(text)?.[1] ?? 0) / 3_600_000;
}

function observation(template: Template, metrics: number): Observation {
  const count = (type: string): number => ofType(template, type).length;
  const alarmMetrics = ofType(template, 'AWS::CloudWatch::Alarm').map(({ Metrics }) =>
    Array.isArray(Metrics) ? Metrics.filter((query) => 'MetricStat' in (query as object)).length : 1,
  );
  return {
    metrics,
    alarmMetrics: alarmMetrics.reduce((sum, one) => sum + one, 0),
    dashboards: count('AWS::CloudWatch::Dashboard'),
    keys: count('AWS::KMS::Key'),
    secrets: count('AWS::SecretsManager::Secret'),
  };
}

const ofType = ({ Resources = {} }: Template, type: string): Properties[] =>
  Object.values(Resources).flatMap((resource: TemplateResource) =>
    resource.Type === type ? [resource.Properties ?? {}] : [],
  );

function only(template: Template, type: string): Properties {
  const [first] = ofType(template, type);
  if (first === undefined) {
    throw new CommandError(`Cannot read the template: it has no ${type}`);
  }
  return first;
}

const mappings = (template: Template): Properties[] => ofType(template, 'AWS::Lambda::EventSourceMapping');
const memoryOf = ({ MemorySize }: Properties): number => number(MemorySize, 128);
const number = (value: TemplateValue | undefined, otherwise: number): number =>
  value === undefined ? otherwise : Number(value);
