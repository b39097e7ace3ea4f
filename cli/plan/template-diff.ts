/** What changes from one template of a stack to another. */
import type { Template, TemplateResource, TemplateValue } from '../../local/assembly.ts';

export interface ResourceChange {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly logicalId: string;
  readonly type: string;
  readonly properties: readonly PropertyChange[];
  /** Whether CloudFormation makes it anew and deletes the old one, as far as it is known here. */
  readonly isReplaced: boolean;
  /** Whether what is removed or replaced stays, because its policy says so. */
  readonly isKept: boolean;
}

export interface PropertyChange {
  /** As in `Environment.Variables.LAKE_BUCKET`. */
  readonly path: string;
  /** Undefined where there is none. JSON; long ones are cut. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The properties whose change replaces a resource, of the types that events have: CloudFormation's reference. */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudWatch::Alarm': ['AlarmName'],
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::Glue::Schema': ['Name', 'DataFormat', 'SchemaDefinition', 'Registry'],
  'AWS::Glue::SchemaVersion': ['Schema', 'SchemaDefinition'],
  'AWS::Lambda::EventSourceMapping': ['EventSourceArn', 'StartingPosition', 'AmazonManagedKafkaEventSourceConfig'],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::MSK::Topic': ['TopicName', 'ReplicationFactor', 'ClusterArn'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SSM::Parameter': ['Name'],
  'AWS::Scheduler::Schedule': ['Name'],
};
const VALUE_LENGTH_MAX = 60;

/** Whether CloudFormation makes a resource of that type anew when what is at the path changes, as far as it is known. */
export const isReplacing = (type: string, { path }: PropertyChange): boolean =>
  (REPLACING[type] ?? []).includes(path.split(/[.[]/)[0] ?? '');

/** By kind and logical id. @param before undefined when there is no such stack yet. */
export function templateDiff(before: Template | undefined, after: Template): ResourceChange[] {
  const [old, now] = [before?.Resources ?? {}, after.Resources ?? {}];
  const added = Object.entries(now).filter(([id]) => old[id] === undefined);
  const removed = Object.entries(old).filter(([id]) => now[id] === undefined);
  const changed = Object.entries(now).flatMap(([id, resource]) => changeOf(id, old[id], resource));
  return [
    ...added.map(([id, { Type }]) => change('added', id, Type)),
    ...changed,
    ...removed.map(([id, resource]) => ({
      ...change('removed', id, resource.Type),
      isKept: keeps(resource, 'DeletionPolicy'),
    })),
  ];
}

const change = (kind: ResourceChange['kind'], logicalId: string, type: string): ResourceChange => ({
  ...{ kind, logicalId, type, properties: [] },
  ...{ isReplaced: false, isKept: false },
});

function changeOf(logicalId: string, before: TemplateResource | undefined, after: TemplateResource): ResourceChange[] {
  const properties = before === undefined ? [] : propertyChanges(before.Properties ?? {}, after.Properties ?? {});
  if (before === undefined || (properties.length === 0 && before.Type === after.Type)) {
    return [];
  }
  const isReplaced = before.Type !== after.Type || properties.some((property) => isReplacing(after.Type, property));
  const isKept = isReplaced && keeps(before, 'UpdateReplacePolicy');
  return [{ kind: 'changed', logicalId, type: after.Type, properties, isReplaced, isKept }];
}

/** The exception is the deployment that creates it, which is none that changes or removes it. */
const KEEPING: readonly unknown[] = ['Retain', 'RetainExceptOnCreate'];

const keeps = (resource: TemplateResource, policy: 'DeletionPolicy' | 'UpdateReplacePolicy'): boolean =>
  KEEPING.includes((resource as unknown as Record<string, unknown>)[policy]);

function propertyChanges(before: TemplateValue, after: TemplateValue): PropertyChange[] {
  const [old, now] = [new Map(leaves(before, '')), new Map(leaves(after, ''))];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => ({ path, before: shortened(old.get(path)), after: shortened(now.get(path)) }));
}

/** Every value that is no map, as JSON, by its path; lists are one value, because their positions mean little. */
function leaves(value: TemplateValue, path: string): Array<[string, string]> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isFunction = isMap && Object.keys(value).some((name) => name === 'Ref' || name.startsWith('Fn::'));
  if (!isMap || isFunction) {
    return [[path, JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}

const shortened = (text: string | undefined): string | undefined =>
  text !== undefined && text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
