/** The laptop host: runs what the synthesized templates say. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KafkaConnection, PLAINTEXT } from '../pipeline/adapters/kafka-connection.ts';
import { INGEST_PATH, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { type AssemblyStack, type FileAsset, readAssembly } from './assembly.ts';
import { type AwsEndpoint, type AwsFaults, startAwsEndpoint } from './aws/aws-endpoint.ts';
import { openDataFolder } from './data-folder.ts';
import { FaultRules } from './fault-rules.ts';
import { HostError } from './host-error.ts';
import { writeHostRecord } from './host-record.ts';
import { type KafkaBroker, startKafkaBroker } from './kafka/broker.ts';
import type { Faults } from './kafka/server/faults.ts';
import { ErrorSummary } from './lambda/error-summary.ts';
import type { FunctionFault } from './lambda/function-faults.ts';
import type { InvocationResult } from './lambda/invocation.ts';
import type { LambdaFunction } from './lambda/lambda-function.ts';
import { RuntimeApi } from './lambda/runtime-api.ts';
import { startMetricsServer } from './metrics/metrics-server.ts';
import { topicLags } from './metrics/topic-lags.ts';
import type { Deployment } from './resources/deployment.ts';
import { SchemaRegistry } from './schema-registry.ts';
import { deployStack, type StackValues } from './template/deploy-stack.ts';
import { resolve } from './template/intrinsics.ts';
import { TopicAdmin } from './topic-admin.ts';

export interface HostOptions {
  /** `cdk.out`. */
  readonly assemblyDir: string;
  /** For everything that survives a restart: topics, objects, queues, the warehouse, logs. One host at a time. */
  readonly dataDir: string;
  /** Starts with an empty data folder, whatever is in it. @default false */
  readonly fresh?: boolean;
  /** Of the ingest API. @default 0, a free port */
  readonly port?: number;
  /** Of the embedded Kafka broker. @default 0, a free port */
  readonly kafkaPort?: number;
  /** A Kafka to use instead of the embedded broker. */
  readonly kafka?: KafkaConnection;
  /** For faults with a probability. @default Math.random */
  readonly random?: () => number;
  /** Gets the faults before the first message and the first record are delivered. */
  readonly onFaults?: (faults: HostFaults) => void;
  /** Gets progress and functions' errors, a line each. */
  readonly log: (line: string) => void;
}

export interface Host {
  /** Where events are sent by POST. */
  readonly ingestUrl: string;
  /** S3, SQS, SSM and MSK; the AWS SDKs take it as AWS_ENDPOINT_URL. */
  readonly awsEndpoint: string;
  readonly kafka: KafkaConnection;
  /** The DuckDB file; one process at a time may open it. */
  readonly warehousePath: string;
  /** What the functions have counted since the start, for Prometheus. */
  readonly metricsUrl: string;
  /** Outputs by stack and id. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Failures on demand, for tests of what the pipeline does about them. */
  readonly faults: HostFaults;
  /**
   * Kills processes that run an invocation of the functions with such a name, in the middle of it.
   * @returns how many.
   */
  killFunction(name: RegExp): number;
  /**
   * Invokes the one function with such a name, as `aws lambda invoke` does. `event` is sent as JSON.
   * @throws HostError when there is none, or several.
   */
  invoke(name: RegExp, event: unknown): Promise<InvocationResult>;
  /** Runs every enabled schedule once now, instead of waiting for its time. Resolves when all of them have run. */
  runSchedules(): Promise<void>;
  /** Ends every process and frees the data folder. Repeating it waits for the same end. */
  stop(): Promise<void>;
}

/** The faults of the host's parts; they compose. */
export interface HostFaults extends AwsFaults {
  /** Undefined with a Kafka of one's own. */
  readonly kafka: Faults | undefined;
  readonly functions: FaultRules<FunctionFault>;
}

type Closer = () => Promise<void> | void;

/**
 * Deploys every stack of the assembly on this machine and starts it. On the same data folder it goes on where it was,
 * also after a SIGKILL.
 * @throws HostError with one line to print: no assembly, a resource that cannot run, a port or the data folder in use.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const stacks = readAssembly(options.assemblyDir);
  const closers: Closer[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= closeAll(closers));
  try {
    const { deployment, broker } = await startServices(options, stacks, closers);
    const values: StackValues = { outputs: {}, exports: new Map() };
    for (const { name, template } of stacks) await deployStack(name, template, values, deployment);
    await deployment.topics.close();
    const metrics = await startMetricsServer(
      deployment.functions.map(({ definition }) => definition.logFile),
      () => topicLags(deployment.kafka, deployment.consumers),
    );
    closers.push(() => metrics.close());
    const faults = { ...deployment.aws.faults, kafka: broker?.faults, functions: deployment.functionFaults };
    options.onFaults?.(faults);
    for (const source of deployment.eventSources) await source.start();
    const origin = values.outputs[PLATFORM_STACK]?.['IngestUrl'] ?? '';
    const found = {
      ingestUrl: URL.parse(INGEST_PATH, origin)?.href ?? '',
      awsEndpoint: deployment.aws.url,
      kafka: deployment.kafka,
      warehousePath: deployment.warehousePath,
      metricsUrl: metrics.url,
      outputs: values.outputs,
    };
    const parameters = deployment.aws.parameters.values;
    writeHostRecord(options.dataDir, { ...found, pid: process.pid, ownsKafka: broker !== undefined, parameters });
    return {
      ...found,
      faults,
      killFunction: (name) => functionsNamed(name, deployment).reduce((sum, each) => sum + each.crash(), 0),
      invoke: async (name, event) => oneFunction(name, deployment).invoke(Buffer.from(JSON.stringify(event))),
      async runSchedules() {
        await Promise.all(deployment.schedules.map((schedule) => schedule.run()));
      },
      stop,
    };
  } catch (error) {
    // What failed first is what a person must know.
    await stop().catch(() => {});
    throw error;
  }
}

/** In the reverse order of starting; one that fails does not keep the others from closing. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Cannot stop all of the host');
}

/** `closers` gets, in the order of starting, how to end what runs. */
async function startServices(
  options: HostOptions,
  stacks: readonly AssemblyStack[],
  closers: Closer[],
): Promise<{ readonly deployment: Deployment; readonly broker: KafkaBroker | undefined }> {
  const { random } = options;
  const folder = openDataFolder(options.dataDir, options.fresh);
  closers.push(() => folder.unlock());
  const aws = await startAwsEndpoint({ dataDir: folder.path, port: 0, ...(random && { random }) });
  closers.push(() => aws.close());
  const broker = options.kafka ? undefined : await startBroker(folder.path, options, closers);
  const kafka = options.kafka ?? { brokers: broker?.bootstrap ?? '', clientProperties: PLAINTEXT };
  const topics = new TopicAdmin(kafka);
  await topics.connect();
  closers.push(() => topics.close());
  folder.expectKafkaCluster(await topics.clusterId());
  const runtimeApi = new RuntimeApi();
  await runtimeApi.start();
  closers.push(() => runtimeApi.close());
  const deployment: Deployment = {
    warehousePath: join(folder.path, 'warehouse.duckdb'),
    logsDir: folder.logsPath,
    temporaryDir: folder.temporaryPath,
    aws,
    runtimeApi,
    errors: new ErrorSummary(options.log),
    functionFaults: new FaultRules(Date.now, random),
    kafka,
    topics,
    schemas: new SchemaRegistry(join(folder.path, 'schemas.json')),
    // A Kafka of one's own may have read the group's records into the lake of another folder: none would come again.
    consumerGroup: (groupId) => (options.kafka ? `${groupId}-${folder.id}` : groupId),
    apiPort: options.port ?? 0,
    code: publishAssets(stacks, aws),
    functions: [],
    apis: [],
    eventSources: [],
    schedules: [],
    consumers: [],
    log: options.log,
  };
  closers.push(() => stopFunctions(deployment));
  return { deployment, broker };
}

async function startBroker(
  dataDir: string,
  { kafkaPort: port = 0, random }: HostOptions,
  closers: Closer[],
): Promise<KafkaBroker> {
  const broker = await startKafkaBroker({ dir: join(dataDir, 'kafka'), port, ...(random && { random }) });
  closers.push(() => broker.stop());
  return broker;
}

/** Puts file assets where functions read them, and returns the folders of function code by `<bucket>/<key>`. */
function publishAssets(stacks: readonly AssemblyStack[], { objects }: AwsEndpoint): Map<string, string> {
  const code = new Map<string, string>();
  for (const asset of stacks.flatMap(({ assets }) => assets)) {
    const [bucket, key] = [destination(asset.bucket), destination(asset.key)];
    objects.createBucket(bucket);
    if (asset.packaging === 'zip') code.set(`${bucket}/${key}`, asset.path);
    else putAsset(objects, bucket, key, asset);
  }
  return code;
}

/** Keys are hashes of the content: what is there is right. */
function putAsset(objects: AwsEndpoint['objects'], bucket: string, key: string, { path }: FileAsset): void {
  if (!objects.has(bucket, key)) objects.putObject(bucket, key, readFileSync(path), 'application/octet-stream');
}

/** Asset destinations hold pseudo parameters as text, with no `Fn::Sub` around them. */
function destination(text: string): string {
  const scope = { stackName: '', template: {}, resources: new Map(), outputs: {}, exports: new Map() };
  return String(resolve({ 'Fn::Sub': text }, scope));
}

const functionsNamed = (name: RegExp, { functions }: Deployment): LambdaFunction[] =>
  functions.filter(({ definition }) => name.test(definition.name));

function oneFunction(name: RegExp, deployment: Deployment): LambdaFunction {
  const [found, ...others] = functionsNamed(name, deployment);
  if (found === undefined || others.length > 0) {
    const names = deployment.functions.map(({ definition }) => definition.name).join(', ');
    throw new HostError(
      `Cannot invoke ${name}: ${found ? 'several functions have' : 'no function has'} such a name, there are ${names}`,
    );
  }
  return found;
}

/** Functions are killed while their event sources stop: what they had not finished comes again at the next start. */
async function stopFunctions({ apis, eventSources, functions }: Deployment): Promise<void> {
  const stops = [
    ...eventSources.map((source) => source.stop()),
    ...apis.map((api) => api.close()),
    ...functions.map((each) => each.stop()),
  ];
  const failures = (await Promise.allSettled(stops)).flatMap((each) =>
    each.status === 'rejected' ? [each.reason] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures, 'Cannot stop all functions and event sources');
}
