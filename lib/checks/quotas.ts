/** What AWS, Kafka and warehouses bound, checked before anything is deployed. */
import { join } from 'node:path';
import { NAME_RULES as ATHENA_NAMES } from '../../pipeline/adapters/athena-types.ts';
import { NAME_RULES as REDSHIFT_NAMES } from '../../pipeline/adapters/redshift-types.ts';
import { NAME_RULES as SNOWFLAKE_NAMES } from '../../pipeline/adapters/snowflake-types.ts';
import { checkNames, type NameRules } from '../../pipeline/adapters/warehouse-names.ts';
import type { CompiledContract, WarehouseTarget } from '../../pipeline/contract/compiled-contract.ts';
import { ContractError } from '../../pipeline/contract/contract-error.ts';
import { sinkTrigger } from '../../pipeline/contract/sink-trigger.ts';
import { newestVersion, tableColumns } from '../../pipeline/contract/table-columns.ts';
import { BODY_BYTES_MAX } from '../../pipeline/ingest/limits.ts';
import { PAYLOAD_FORMATS } from '../../pipeline/payload/payload-format.ts';
import { BROKER_LIMITS, CLUSTER, DRAIN_LIMITS, POLLERS, RELAY_TRIGGER, type Stage, TOPIC } from '../config.ts';
import { pollerGroup } from '../event/pollers.ts';

/**
 * The registry's id of each version, of 36 characters, is in the sink's environment and in the catalog entry, and either
 * holds 4 KB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html and
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
export const SCHEMA_VERSIONS_MAX = 50;
/** https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html#schema-registry-quotas */
const SCHEMA_BYTES_MAX = 170_000;
/** https://docs.aws.amazon.com/glue/latest/webapi/API_CreateSchema.html */
const DESCRIPTION_BYTES_MAX = 2_048;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const INVOCATION_BYTES_MAX = 6 * 1024 * 1024;
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const REQUEST_BYTES_MAX = 10 * 1024 * 1024;
const INTEGRATION_SECONDS_MAX = 30;
/** Of a request or a record, beside its body: headers, and what Lambda tells about it. */
const METADATA_BYTES = 64 * 1024;

/** Columns of a table: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_usage.html */
const COLUMNS_MAX: Partial<Record<WarehouseTarget, number>> = { redshift: 1_600 };

const NAME_RULES: Partial<Record<WarehouseTarget, NameRules>> = {
  redshift: REDSHIFT_NAMES,
  snowflake: SNOWFLAKE_NAMES,
  athena: ATHENA_NAMES,
};

/**
 * What one event may not exceed.
 * @param folder of the event, for the message.
 * @throws ContractError that names the field, what it comes to, and what is allowed.
 */
export function checkEventQuotas(folder: string, contract: CompiledContract): void {
  const file = join(folder, 'event.yaml');
  checkVersions(file, contract);
  checkSchemas(folder, contract);
  checkTable(file, contract);
  const bytes = Buffer.byteLength(contract.description);
  if (bytes > DESCRIPTION_BYTES_MAX) {
    refuse(file, 'description', `${bytes} bytes`, `Glue allows ${DESCRIPTION_BYTES_MAX}`);
  }
}

/**
 * What all events of a stage together may not exceed.
 * @throws ContractError likewise, with the events that take the most.
 */
export function checkStageQuotas(schemas: string, contracts: readonly CompiledContract[], stage: Stage): void {
  checkPartitions(schemas, contracts, stage);
  checkConnections(schemas, contracts, stage);
  checkPollerGroups(schemas, contracts);
  checkPayloads(stage);
  checkWarehouses(schemas, contracts, stage);
}

const refuse = (file: string, field: string, is: string, allowed: string): never => {
  throw new ContractError(file, 0, `${field}: ${is}, ${allowed}`);
};

function checkVersions(file: string, { versions }: CompiledContract): void {
  if (versions.length > SCHEMA_VERSIONS_MAX) {
    refuse(file, 'versions', `${versions.length}`, `an event has ${SCHEMA_VERSIONS_MAX} at most`);
  }
}

function checkSchemas(folder: string, { versions }: CompiledContract): void {
  for (const { version, definition, format } of versions) {
    const bytes = Buffer.byteLength(definition);
    if (bytes > SCHEMA_BYTES_MAX) {
      refuse(
        join(folder, `v${version}.${PAYLOAD_FORMATS[format].extension}`),
        'schema',
        `${bytes} bytes`,
        `Glue allows ${SCHEMA_BYTES_MAX}`,
      );
    }
  }
}

function checkTable(file: string, contract: CompiledContract): void {
  const { target, table } = contract.warehouse;
  const columns = tableColumns(contract);
  const rules = NAME_RULES[target];
  try {
    const schemaVersion = newestVersion(contract).version;
    rules && checkNames({ event: contract.event, table, schemaVersion, columns }, rules);
  } catch (error) {
    throw new ContractError(file, 0, `warehouse.table: ${(error as Error).message}`);
  }
  const columnsMax = COLUMNS_MAX[target];
  if (columnsMax !== undefined && columns.length > columnsMax) {
    refuse(file, 'warehouse.table', `${columns.length} columns`, `${target} allows ${columnsMax}`);
  }
}

function checkPartitions(schemas: string, contracts: readonly CompiledContract[], { broker }: Stage): void {
  const partitions = sum(contracts.map(({ topic }) => topic.partitions));
  const perBroker = Math.ceil((partitions * CLUSTER.replicationFactor) / CLUSTER.brokers);
  const { partitions: allowed } = BROKER_LIMITS[broker.instanceType];
  if (perBroker > allowed) {
    const is = `${partitions} of all events, with their replicas ${perBroker} on each broker`;
    const most = largest(contracts, ({ topic }) => topic.partitions);
    refuse(schemas, 'topic.partitions', is, `${broker.instanceType} takes ${allowed}; most have ${most}`);
  }
}

/**
 * Each client may be connected to each broker. In the worst second all proxies start, whose callers wait; draining
 * sinks start spread over a minute, the shortest of their intervals, and relays and pollers try again by themselves.
 */
function checkConnections(schemas: string, contracts: readonly CompiledContract[], stage: Stage): void {
  const { broker, proxy } = stage;
  const limits = BROKER_LIMITS[broker.instanceType];
  const writers = proxiesWithin(stage, proxy.timeoutSeconds) + RELAY_TRIGGER.concurrencyMax;
  const consumers = sum(contracts.map(consumersOf));
  if (writers + consumers > limits.connections) {
    const most = largest(contracts, consumersOf);
    const is = `${consumers} consumers and ${writers} proxies and relays connect to a broker`;
    refuse(schemas, 'topic.partitions', is, `${broker.instanceType} takes ${limits.connections}; most have ${most}`);
  }
  const drains = contracts.filter((contract) => sinkTrigger(contract).kind === 'drain').length;
  const proxies = proxiesWithin(stage, 1);
  const starts = proxies + (drains * DRAIN_LIMITS.parallelPartitions) / 60;
  if (starts > limits.newConnections) {
    const is = `${proxies} proxies and ${drains} draining sinks may open ${Math.ceil(starts)} connections in a second`;
    const field = proxy.concurrencyMax === undefined ? 'throttle' : 'proxy.concurrencyMax';
    refuse(schemas, field, is, `${broker.instanceType} takes ${limits.newConnections}`);
  }
}

/** Those that requests of so many seconds can start: what is reserved bounds them, and what the API lets in. */
function proxiesWithin({ proxy, throttle }: Stage, seconds: number): number {
  const requests = throttle.burst + throttle.requestsPerSecond * seconds;
  return Math.min(requests, proxy.concurrencyMax ?? requests);
}

/** Lambda adds pollers up to one for each partition. */
function consumersOf(contract: CompiledContract): number {
  return sinkTrigger(contract).kind === 'stream' ? contract.topic.partitions : DRAIN_LIMITS.parallelPartitions;
}

function checkPollerGroups(schemas: string, contracts: readonly CompiledContract[]): void {
  const groups = Map.groupBy(
    contracts.filter(({ sink }) => sink !== undefined),
    ({ event }) => pollerGroup(event),
  );
  for (const [group, members] of groups) {
    if (members.length > POLLERS.mappingsOfGroupMax) {
      const is = `${members.length} events share the poller group ${group}`;
      refuse(
        schemas,
        'sink.pollersMax',
        is,
        `Lambda allows ${POLLERS.mappingsOfGroupMax}: raise POLLERS.groups in lib/config.ts`,
      );
    }
  }
}

/** DuckDB is the laptop's. */
function checkWarehouses(schemas: string, contracts: readonly CompiledContract[], { warehouses }: Stage): void {
  for (const { event, warehouse } of contracts) {
    const allowed: readonly WarehouseTarget[] = ['duckdb', ...warehouses];
    if (!allowed.includes(warehouse.target)) {
      const file = join(schemas, event, 'event.yaml');
      refuse(file, 'warehouse.target', `the stage has no ${warehouse.target}`, `allowed are ${allowed.join(', ')}`);
    }
  }
}

/** Sizes that are constants of this project: this fails when one of them is raised beyond what carries it. */
function checkPayloads({ proxy }: Stage): void {
  const inBase64 = (bytes: number): number => Math.ceil(bytes / 3) * 4 + METADATA_BYTES;
  if (inBase64(BODY_BYTES_MAX) > INVOCATION_BYTES_MAX || BODY_BYTES_MAX > REQUEST_BYTES_MAX) {
    refuse(
      'pipeline/ingest/limits.ts',
      'BODY_BYTES_MAX',
      `${BODY_BYTES_MAX} bytes`,
      `Lambda takes ${INVOCATION_BYTES_MAX} in base64, HTTP APIs ${REQUEST_BYTES_MAX}`,
    );
  }
  if (inBase64(TOPIC.messageBytesMax) > INVOCATION_BYTES_MAX) {
    refuse(
      'lib/config.ts',
      'TOPIC.messageBytesMax',
      `${TOPIC.messageBytesMax} bytes`,
      `a batch of Lambda's takes ${INVOCATION_BYTES_MAX} in base64`,
    );
  }
  if (proxy.timeoutSeconds >= INTEGRATION_SECONDS_MAX) {
    refuse(
      'lib/config.ts',
      'proxy.timeoutSeconds',
      `${proxy.timeoutSeconds} s`,
      `an HTTP API waits ${INTEGRATION_SECONDS_MAX}`,
    );
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The three events that have the most, as `name (number)`. */
function largest(contracts: readonly CompiledContract[], of: (contract: CompiledContract) => number): string {
  const sorted = [...contracts].sort((a, b) => of(b) - of(a));
  return sorted
    .slice(0, 3)
    .map((contract) => `${contract.event} (${of(contract)})`)
    .join(', ');
}
