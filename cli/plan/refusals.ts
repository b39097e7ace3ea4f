/** Changes that no deployment can make: Kafka, the registry or CloudFormation would refuse them half-way. */
import type { Template } from '../../local/assembly.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { PAYLOAD_FORMATS } from '../../pipeline/payload/payload-format.ts';
import type { Previous } from './previous.ts';
import { isReplacing, type ResourceChange } from './template-diff.ts';

/** What is to be deployed. */
export interface Planned {
  readonly template: Template;
  readonly contract: CompiledContract;
}

/** The property that names a resource, of the types that events have: no two resources of a type may have one name. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::Glue::Schema': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::MSK::Topic': 'TopicName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::Scheduler::Schedule': 'Name',
};
/** What the file of a schema's first version says of its resource. */
const OF_VERSION: readonly string[] = ['SchemaDefinition', 'DataFormat'];

/** One line each, which names file and field, or the resource, and says what is allowed. */
export function refusals(before: Previous, after: Planned, changes: readonly ResourceChange[]): string[] {
  const versions = before.contract ? changedVersions(before.contract, after.contract) : [];
  // One line for one mistake: the file's, where it is known.
  const isTold = ({ type, properties }: ResourceChange): boolean =>
    versions.length > 0 &&
    type === 'AWS::Glue::Schema' &&
    properties.every((property) => !isReplacing(type, property) || OF_VERSION.includes(property.path));
  return [
    ...versions,
    ...changes.flatMap((change) => fewerPartitions(after.contract.event, change)),
    ...changes
      .filter((change) => !isTold(change))
      .flatMap((change) => changedType(before.template, change) ?? takenName(before.template, after.template, change)),
  ];
}

/** A version that is no longer there stays in the registry: that is how one rolls back. */
function changedVersions(before: CompiledContract, after: CompiledContract): string[] {
  const next = Math.max(before.versions.length, after.versions.length) + 1;
  const changed = before.versions.filter(({ format, definition }, index) => {
    const now = after.versions[index];
    return now !== undefined && (now.format !== format || now.definition !== definition);
  });
  return changed.map(({ version, format }) => {
    const { extension } = PAYLOAD_FORMATS[format];
    const file = `schemas/${before.event}/v${version}.${extension}`;
    const reason = 'a released version cannot change, not even in a comment, for the registry keeps it';
    return `${file}: ${reason}; allowed is a new file, v${next}.${extension}`;
  });
}

function fewerPartitions(event: string, { type, isReplaced, properties }: ResourceChange): string[] {
  const partitions = properties.find(({ path }) => path === 'PartitionCount');
  const [before, after] = [Number(partitions?.before), Number(partitions?.after)];
  if (type !== 'AWS::MSK::Topic' || isReplaced || !(after < before)) {
    return [];
  }
  const reason = `topic.partitions cannot go from ${before} to ${after}, for Kafka takes no partition away`;
  return [`schemas/${event}/event.yaml: ${reason}; allowed is ${before} or more`];
}

function changedType(before: Template | undefined, { logicalId, type }: ResourceChange): string[] | undefined {
  const old = before?.Resources?.[logicalId]?.Type;
  return old === undefined || old === type
    ? undefined
    : [`${logicalId}: ${old} cannot become ${type}; allowed is a resource of another logical id`];
}

/** CloudFormation makes a new resource before it removes, or keeps, what it replaces. */
function takenName(before: Template | undefined, after: Template, change: ResourceChange): string[] {
  const { kind, logicalId, type, properties, isReplaced } = change;
  const property = NAMES[type] ?? '';
  const name = JSON.stringify(after.Resources?.[logicalId]?.Properties?.[property]);
  const owner = Object.entries(before?.Resources ?? {}).find(
    ([, { Type, Properties }]) => Type === type && JSON.stringify(Properties?.[property]) === name,
  );
  if (name === undefined || owner === undefined || (kind !== 'added' && !isReplaced)) {
    return [];
  }
  const reason = `CloudFormation makes the new ${type} first, and ${property} ${name} is still that of ${owner[0]}`;
  const changed = properties.filter((each) => isReplacing(type, each)).map(({ path }) => path);
  const allowed =
    kind === 'added' ? 'another name' : `another ${property}, or the same ${changed.join(', ')} as before`;
  return [`${logicalId}: cannot be ${kind === 'added' ? 'added' : 'replaced'}, for ${reason}; allowed is ${allowed}`];
}
