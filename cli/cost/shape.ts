/** What a template says that has a price. */
import type { Template, TemplateResource, TemplateValue } from '../../local/assembly.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
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

/** What a schedule starts besides the sink. */
export interface ScheduledRun {
  readonly kind: 'sweep' | 'audit' | 'compaction' | 'other';
  readonly everySeconds: number;
  /** How far back an audit looks; of others 0. */
  readonly auditedSeconds: number;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

/** What the contract says that the template does not. */
export type PricedContract = Pick<CompiledContract, 'lake' | 'warehouse'>;

export interface EventShape {
  readonly lake: CompiledContract['lake'];
  readonly target: CompiledContract['warehouse']['target'];
  readonly partitions: number;
  readonly retentionHours: number;
  readonly trigger: Trigger;
  readonly sinkMemoryMb: number;
  readonly loaderMemoryMb: number;
  readonly loaderBatchSize: number;
  readonly loaderWindowSeconds: number;
  /** How often a load is tried that fails. */
  readonly loadTries: number;
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
  /** Of the workgroup that all events share; 0 without one. */
  readonly redshiftRpu: number;
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

/** Whether anything on AWS loads the event's rows: DuckDB is a file of the laptop's. */
export const isLoadedOnAws = ({ target }: Pick<EventShape, 'target'>): boolean => target !== 'duckdb';

/** @throws CommandError when the template is no event's. */
export function eventShape(template: Template, { lake, warehouse }: PricedContract): EventShape {
  const sink = functionNamed(template, 'SinkFunctionName');
  const loader = functionNamed(template, 'LoaderFunctionName');
  const topic = only(template, 'AWS::MSK::Topic');
  const loads = mappings(template).find((mapping) => mapping['Topics'] === undefined) ?? {};
  const schedules = ofType(template, 'AWS::Scheduler::Schedule');
  // A sink is told nothing by its own schedule.
  const starts = schedules.filter(
    (schedule) => targets(schedule, sink.id) && Object.keys(inputOf(schedule)).length === 0,
  );
  return {
    lake,
    target: warehouse.target,
    partitions: number(topic['PartitionCount'], 1),
    retentionHours: retentionHours(topic),
    trigger: trigger(template, sink, starts[0]),
    sinkMemoryMb: memoryOf(sink.properties),
    loaderMemoryMb: memoryOf(loader.properties),
    loaderBatchSize: number(loads['BatchSize'], 10),
    loaderWindowSeconds: number(loads['MaximumBatchingWindowInSeconds'], 0),
    loadTries: loadTries(template),
    runs: schedules
      .filter((schedule) => !starts.includes(schedule))
      .map((schedule) => scheduledRun(template, schedule)),
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
    redshiftRpu: number(ofType(template, 'AWS::RedshiftServerless::Workgroup')[0]?.['BaseCapacity'], 0),
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

function scheduledRun(template: Template, schedule: Properties): ScheduledRun {
  const input = inputOf(schedule);
  const kind = 'sweep' in input ? 'sweep' : 'audit' in input ? 'audit' : 'compact' in input ? 'compaction' : 'other';
  const { hours = 0 } = (input['audit'] ?? {}) as { hours?: number };
  const { properties } = functions(template).find(({ id }) => targets(schedule, id)) ?? {
    properties: {} as Properties,
  };
  return {
    kind,
    everySeconds: everySeconds(schedule),
    auditedSeconds: hours * 3_600,
    memoryMb: memoryOf(properties),
    timeoutSeconds: number(properties['Timeout'], 3),
  };
}

/** What the schedule sends; empty when it sends nothing. */
function inputOf({ Target }: Properties): Properties {
  const { Input } = (Target ?? {}) as Properties;
  return typeof Input === 'string' ? (JSON.parse(Input) as Properties) : {};
}

const targets = ({ Target }: Properties, functionId: string): boolean =>
  JSON.stringify((Target as Properties | undefined)?.['Arn'] ?? '').includes(`"${functionId}"`);

const functions = ({ Resources = {} }: Template): NamedFunction[] =>
  Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) =>
    Type === 'AWS::Lambda::Function' ? [{ id, properties: Properties }] : [],
  );

/** The queue that gives up, of the two that an event has. */
function loadTries(template: Template): number {
  const policies = ofType(template, 'AWS::SQS::Queue').flatMap(({ RedrivePolicy }) => RedrivePolicy ?? []);
  return number((policies[0] as Properties | undefined)?.['maxReceiveCount'], 1);
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
