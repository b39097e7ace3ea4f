/** Every physical name in one place: what exists in AWS, Kafka, S3 and the warehouse under which name. */

/** Events are snake_case: the same word is a folder, a Kafka topic, an SQL table and a CloudEvents type. */
export const EVENT_NAME_PATTERN = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Leaves room in the 64 characters of a Lambda function's name, which CloudFormation makes of the stack's. */
export const EVENT_NAME_LENGTH_MAX = 40;

export const PLATFORM_STACK = 'Platform';
export const SCHEMA_REGISTRY = 'headrace';
export const CLUSTER_NAME = 'headrace';
export const API_NAME = 'headrace';
/** The IAM policy that bounds what any role of the stacks may do, whatever its own policy says. */
export const ROLE_BOUNDARY = 'headrace-boundary';
/** Each event puts its catalog entry under this SSM path; the proxy reads it from there. */
export const CATALOG_PATH = '/headrace/events';

/** `order_created` becomes `Event-order-created`: CloudFormation allows letters, digits and hyphens. */
export const eventStackName = (event: string): string => `Event-${event.replaceAll('_', '-')}`;
export const topicName = (event: string): string => event;
export const catalogParameterName = (event: string): string => `${CATALOG_PATH}/${event}`;
/** Unless the contract names another. */
export const tableName = (event: string): string => event;
/** Where a table is built anew before it takes the place of the other. */
export const shadowTableName = (table: string): string => `${table}__rebuild`;
/** On Athena each table has a ledger of its own: writers of an Iceberg table take turns, whatever rows they write. */
export const athenaLedgerName = (table: string): string => `load_ledger_${table}`;
/** On Athena, the external table over the lake's files of one schema version, or `*` for all of them. */
export const athenaLakeName = (table: string, version: number | '*'): string => `lake_${table}_v${version}`;
/** The warehouse's table of loaded commits: schema and name. */
export const LOAD_LEDGER = 'headrace.load_ledger';
/** The consumer group of an event's sink; its offsets are only a hint, the commit log is the truth. */
export const sinkConsumerGroup = (event: string): string => `headrace-sink-${event}`;

/** The route of the ingest API that takes events. */
export const INGEST_PATH = '/v1/events';

export const DATA_PREFIX = 'data/';
export const COMMIT_PREFIX = 'commits/';
export const REJECTED_PREFIX = 'rejected/';
/** What was decided about dead letters. */
export const REPLAY_PREFIX = 'replays/';
export const COMPACTION_PREFIX = 'compactions/';

/** An alarm of an event, by the heading of the runbook that it leads to. */
export const eventAlarmName = (event: string, heading: string): string => `headrace-${event}-${heading}`;
export const platformAlarmName = (heading: string): string => `headrace-${heading}`;
/** CloudWatch allows letters, digits, hyphens and underscores. */
export const eventDashboardName = (event: string): string => `headrace-${event}`;
export const PLATFORM_DASHBOARD = 'headrace';
/** Lists of data files, for warehouses that are told so what to read; of no use once the load has ended. */
export const MANIFEST_PREFIX = 'manifests/';
