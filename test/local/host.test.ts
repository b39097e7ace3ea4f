// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's placeholders, in plain text.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type ListObjectsV2CommandOutput, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import type { Template } from '../../local/assembly.ts';
import { type Host, type HostFaults, type HostOptions, startHost } from '../../local/host.ts';
import { HostError } from '../../local/host-error.ts';
import { startKafkaBroker } from '../../local/kafka/broker.ts';
import { functionResource, temporaryFolder, writeAssembly } from './fixture-assembly.ts';

type Resources = NonNullable<Template['Resources']>;

/** Puts each posted line into S3 under `in/`, where a notification picks it up. */
const RECEIVER = `
  import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
  const s3 = new S3Client({});
  export const handler = async ({ body }) => {
    const ids = body.split(',');
    const put = (id) => s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: 'in/' + id, Body: id }));
    await Promise.all(ids.map(put));
    return { statusCode: 202, body: JSON.stringify({ took: ids.length, brokers: process.env.KAFKA_BROKERS }) };
  };`;
/** Behind the queue: writes each notified object to Kafka. */
const FORWARDER = `
  import { Kafka, logLevel } from 'kafkajs';
  const producer = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  export const handler = async ({ Records }) => {
    const keys = Records.flatMap(({ body }) => (JSON.parse(body).Records ?? []).map(({ s3 }) => s3.object.key));
    const messages = keys.map((key) => ({ key, value: key, timestamp: String(Date.now()) }));
    if (messages.length > 0) await producer.send({ topic: 'forwarded', messages });
    return { batchItemFailures: [] };
  };`;
/** Behind the topic: writes an object of the record's own name, so that what comes twice is there once. */
const SINK = `
  import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
  const s3 = new S3Client({});
  export const handler = async ({ records }) => {
    const values = Object.values(records).flat().map(({ value }) => Buffer.from(value, 'base64').toString());
    const put = (name) => s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: 'out/' + name, Body: name }));
    await Promise.all(values.map(put));
  };`;
const BROKERS = `
  import { GetBootstrapBrokersCommand, KafkaClient } from '@aws-sdk/client-kafka';
  export const handler = async (event) => {
    const { ClusterArn } = event.ResourceProperties;
    const { BootstrapBrokerStringSaslIam: Brokers } = await new KafkaClient({}).send(new GetBootstrapBrokersCommand({ ClusterArn }));
    const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: ClusterArn, Data: { Brokers } });
    await fetch(event.ResponseURL, { method: 'PUT', body });
  };`;

const output = (StackName: string, OutputName: string) => ({ 'Fn::GetStackOutput': { StackName, OutputName } });
const environment = (variables: Readonly<Record<string, object | string>>) =>
  ({ Environment: { Variables: variables } }) as unknown as NonNullable<Template['Mappings']>;

const PLATFORM: Resources = {
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
  Cluster: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'c', NumberOfBrokerNodes: 3 } },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Api', ProtocolType: 'HTTP' } },
  BrokersReader: functionResource('brokers'),
  Brokers: {
    Type: 'Custom::BootstrapBrokers',
    Properties: { ServiceToken: { 'Fn::GetAtt': ['BrokersReader', 'Arn'] }, ClusterArn: { Ref: 'Cluster' } },
  },
};
const EVENT: Resources = {
  // Declared before what it depends on, as CloudFormation allows.
  Lake: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Event: 's3:ObjectCreated:*',
            Queue: { 'Fn::GetAtt': ['Queue', 'Arn'] },
            Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } },
          },
        ],
      },
    },
  },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 5 } },
  Topic: {
    Type: 'AWS::MSK::Topic',
    Properties: {
      ClusterArn: output('Platform', 'ClusterArn'),
      TopicName: 'forwarded',
      PartitionCount: 2,
      ReplicationFactor: 3,
    },
  },
  Receiver: functionResource(
    'receiver',
    environment({ BUCKET: { Ref: 'Lake' }, KAFKA_BROKERS: output('Platform', 'Brokers') }),
  ),
  Forwarder: functionResource('forwarder', environment({ KAFKA_BROKERS: output('Platform', 'Brokers') })),
  Sink: functionResource('sink', environment({ BUCKET: { Ref: 'Lake' } })),
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: output('Platform', 'ApiId'),
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': ['Receiver', 'Arn'] },
      PayloadFormatVersion: '2.0',
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: output('Platform', 'ApiId'),
      RouteKey: 'POST /v1/events',
      Target: { 'Fn::Sub': 'integrations/${Integration}' },
      AuthorizationType: 'AWS_IAM',
    },
  },
  FromQueue: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { Ref: 'Forwarder' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
  },
  FromTopic: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: output('Platform', 'ClusterArn'),
      FunctionName: { Ref: 'Sink' },
      StartingPosition: 'TRIM_HORIZON',
      Topics: ['forwarded'],
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'sink' },
    },
  },
};

function writePipeline(): string {
  return writeAssembly({
    Event: {
      template: { Resources: EVENT, Outputs: { Lake: { Value: { Ref: 'Lake' } } } },
      handlers: { receiver: RECEIVER, forwarder: FORWARDER, sink: SINK },
      dependsOn: ['Platform'],
    },
    Platform: {
      template: {
        Resources: PLATFORM,
        Outputs: {
          IngestUrl: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
          ApiId: { Value: { Ref: 'Api' } },
          ClusterArn: { Value: { 'Fn::GetAtt': ['Cluster', 'Arn'] } },
          Brokers: { Value: { 'Fn::GetAtt': ['Brokers', 'Brokers'] } },
        },
      },
      handlers: { brokers: BROKERS },
    },
  });
}

const hosts: Host[] = [];
const lines: string[] = [];
async function start(options: Pick<HostOptions, 'assemblyDir' | 'dataDir'> & Partial<HostOptions>): Promise<Host> {
  const host = await startHost({ log: (line) => lines.push(line), ...options });
  hosts.push(host);
  return host;
}
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

async function keysUnder(awsEndpoint: string, Bucket: string, Prefix: string): Promise<string[]> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new S3Client({ endpoint: awsEndpoint, region: 'us-east-1', credentials });
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    keys.push(...((page as ListObjectsV2CommandOutput).Contents ?? []).map(({ Key = '' }) => Key.slice(Prefix.length)));
  }
  client.destroy();
  return keys;
}

/** Polls until the ids have come through S3, SQS and Kafka; the test's timeout ends a wait that never succeeds. */
async function waitForAll(host: Pick<Host, 'awsEndpoint' | 'outputs'>, ids: readonly string[]): Promise<string[]> {
  const bucket = host.outputs['Event']?.['Lake'] ?? '';
  const wanted = ids.map((id) => `in/${id}`).sort();
  for (;;) {
    const found = (await keysUnder(host.awsEndpoint, bucket, 'out/')).sort();
    if (wanted.every((key) => found.includes(key))) return found;
    await sleep(50);
  }
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const post = (url: string, ids: readonly string[]) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: ids.join() });

test('startHost runs an app from HTTP through S3, SQS and Kafka, and goes on with its data after a restart', async () => {
  const [assemblyDir, dataDir] = [writePipeline(), temporaryFolder()];
  const first = await start({ assemblyDir, dataDir });
  const response = await post(first.ingestUrl, names('a', 20));
  expect([response.status, await response.json()]).toEqual([202, { took: 20, brokers: first.kafka.brokers }]);
  await waitForAll(first, names('a', 20));
  await expect(start({ assemblyDir, dataDir })).rejects.toThrow(
    new HostError(`Cannot use the data folder "${dataDir}": process ${process.pid} uses it, stop that one first`),
  );
  await first.stop();

  const second = await start({ assemblyDir, dataDir });
  expect(second.outputs['Event']).toEqual(first.outputs['Event']);
  await post(second.ingestUrl, names('b', 5));
  expect(await waitForAll(second, names('b', 5))).toEqual(
    [...names('a', 20), ...names('b', 5)].map((id) => `in/${id}`).sort(),
  );
  const admin = new Kafka({ brokers: second.kafka.brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  expect(await admin.fetchTopicOffsets('forwarded')).toHaveLength(2);
  await admin.disconnect();
  expect(lines).toEqual([]);
});

test('startHost loses nothing that was acknowledged when it is killed in the middle of the work', async () => {
  const [assemblyDir, dataDir] = [writePipeline(), temporaryFolder()];
  const module = pathToFileURL(join(import.meta.dirname, '../../local/host.ts')).href;
  const script = `
    import { startHost } from ${JSON.stringify(module)};
    const host = await startHost({ ...${JSON.stringify({ assemblyDir, dataDir })}, log: () => {} });
    console.log(JSON.stringify(host));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const killed = JSON.parse(await firstLine(child)) as Host;
  const acknowledged: string[] = [];
  for (let batch = 0; batch < 10; batch++) {
    const ids = names(`batch${batch}-`, 20);
    if ((await post(killed.ingestUrl, ids)).status === 202) acknowledged.push(...ids);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(acknowledged).toHaveLength(200);

  const host = await start({ assemblyDir, dataDir });
  const found = await waitForAll(host, acknowledged);
  expect(found).toEqual(acknowledged.map((id) => `in/${id}`).sort());
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text;
}

const only = (resource: Resources[string], handlers = {}) =>
  writeAssembly({ Stack: { template: { Resources: { Thing: resource } }, handlers } });

test.each<[string, () => string, string]>([
  [
    'of an unknown type',
    () => only({ Type: 'AWS::Kinesis::Stream' }),
    'Cannot run "Stack/Thing" (AWS::Kinesis::Stream): the laptop host does not know this type of resource',
  ],
  [
    'with a property that it would not honour',
    () => only({ Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } }),
    'Cannot run "Stack/Thing" (AWS::SQS::Queue): the laptop host does not support its FifoQueue',
  ],
  [
    'that refers to a stack outside of the assembly',
    () => only({ Type: 'AWS::SSM::Parameter', Properties: { Value: output('Platform', 'ClusterArn') } }),
    'Cannot run "Stack/Thing" (AWS::SSM::Parameter): it reads the output ClusterArn of the stack Platform',
  ],
  [
    'whose code is missing',
    () => only(functionResource('absent')),
    'Cannot run "Stack/Thing" (AWS::Lambda::Function): its code absent.zip is no asset folder',
  ],
  [
    'that notifies a queue that does not exist',
    () =>
      only({
        Type: 'AWS::S3::Bucket',
        Properties: { NotificationConfiguration: { QueueConfigurations: [{ Event: 's3:*', Queue: 'arn:q' }] } },
      }),
    'Cannot run "Stack/Thing" (AWS::S3::Bucket): it notifies the queue arn:q',
  ],
])('startHost refuses a resource %s, in one line that names it', async (_, assembly, message) => {
  const failure = await start({ assemblyDir: assembly(), dataDir: temporaryFolder() }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(HostError);
  expect(String((failure as Error).message)).toContain(message);
  expect(String((failure as Error).message)).not.toContain('\n');
});

test('startHost refuses a schema version that changed since the folder has it, and takes one more', async () => {
  const dataDir = temporaryFolder();
  const schema = (first: string, ...later: string[]) => {
    const properties = { Name: 'sale', Registry: { Name: 'r' }, SchemaDefinition: first, DataFormat: 'AVRO' };
    const Schema = { Type: 'AWS::Glue::Schema', Properties: properties };
    const versions = later.map((SchemaDefinition, index) => {
      const Properties = { Schema: { SchemaArn: { 'Fn::GetAtt': ['Schema', 'Arn'] } }, SchemaDefinition };
      return [`V${index + 2}`, { Type: 'AWS::Glue::SchemaVersion', Properties }];
    });
    const Resources: Resources = { Schema, ...Object.fromEntries(versions) };
    return { assemblyDir: writeAssembly({ Stack: { template: { Resources } } }), dataDir };
  };
  await (await start(schema('one', 'two'))).stop();
  await (await start(schema('one', 'two', 'three'))).stop();
  await expect(start(schema('one', 'TWO', 'three'))).rejects.toThrow(
    new HostError('v2 of sale changed since it was registered; add v4, or take another --dir'),
  );
});

test('startHost refuses an event source mapping with a filter', async () => {
  const mapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { Ref: 'F' },
      FilterCriteria: { Filters: [{ Pattern: '{}' }] },
    },
  };
  const Resources = { Queue: { Type: 'AWS::SQS::Queue' }, F: functionResource('f'), Mapping: mapping };
  const assemblyDir = writeAssembly({ Stack: { template: { Resources }, handlers: { f: '' } } });
  await expect(start({ assemblyDir, dataDir: temporaryFolder() })).rejects.toThrow(
    /Stack\/Mapping.*support its FilterCriteria/,
  );
});

const SCHEDULE = {
  FlexibleTimeWindow: { Mode: 'OFF' },
  ScheduleExpression: 'rate(1 hour)',
  Target: { Arn: { 'Fn::GetAtt': ['F', 'Arn'] }, Input: '{"name":"swept"}', RoleArn: 'r', RetryPolicy: {} },
};
const SWEEPER = `
  import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
  const s3 = new S3Client({});
  export const handler = ({ name }) =>
    s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: 'out/' + name + Date.now(), Body: '' }));`;

function writeSchedule(changes: object): string {
  const Resources = {
    Group: { Type: 'AWS::Scheduler::ScheduleGroup' },
    Lake: { Type: 'AWS::S3::Bucket' },
    F: functionResource('sweeper', environment({ BUCKET: { Ref: 'Lake' } })),
    Sweep: { Type: 'AWS::Scheduler::Schedule', Properties: { ...SCHEDULE, GroupName: { Ref: 'Group' }, ...changes } },
  };
  const Outputs = { Lake: { Value: { Ref: 'Lake' } } };
  return writeAssembly({ Stack: { template: { Resources, Outputs }, handlers: { sweeper: SWEEPER } } });
}

test('startHost runs a schedule shortly after the start, runSchedules runs it at once, and DISABLED is never', async () => {
  const keys = ({ awsEndpoint, outputs }: Host) => keysUnder(awsEndpoint, outputs['Stack']?.['Lake'] ?? '', 'out/');
  const host = await start({ assemblyDir: writeSchedule({}), dataDir: temporaryFolder() });
  while ((await keys(host)).length === 0) await sleep(50);
  await host.runSchedules();
  expect(await keys(host)).toEqual([expect.stringMatching(/^swept/), expect.stringMatching(/^swept/)]);

  const disabled = await start({ assemblyDir: writeSchedule({ State: 'DISABLED' }), dataDir: temporaryFolder() });
  await disabled.runSchedules();
  expect(await keys(disabled)).toEqual([]);
});

test.each([
  ['at a single time', { ScheduleExpression: 'at(2026-11-20T12:00:00)' }, 'does not know the schedule "at('],
  ['in a time zone', { ScheduleExpressionTimezone: 'Europe/Berlin' }, 'knows the time zone UTC, not Europe/Berlin'],
  ['with a flexible window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'time window OFF, not FLEXIBLE'],
  ['with an end', { EndDate: '2027-01-01T00:00:00Z' }, 'does not support its EndDate'],
  ['of no function', { Target: { Arn: 'arn:aws:states:::x', Input: '{}' } }, 'names the function arn:aws:states:::x'],
  ['without an input', { Target: { Arn: { Ref: 'F' } } }, 'needs the Input of its Target'],
  ['with an input that is no JSON', { Target: { Arn: { Ref: 'F' }, Input: '{' } }, 'is no JSON'],
])('startHost refuses a schedule %s, in one line that names it', async (_, changes, reason) => {
  const failure = await start({ assemblyDir: writeSchedule(changes), dataDir: temporaryFolder() }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(HostError);
  expect(String(failure)).toMatch(/Cannot run "Stack\/Sweep" \(AWS::Scheduler::Schedule\): /);
  expect(String(failure)).toContain(reason);
});

test('faults and killFunction reach every part of the host', async () => {
  let before: HostFaults | undefined;
  const onFaults = (faults: HostFaults) => {
    before = faults;
  };
  const host = await start({ assemblyDir: writePipeline(), dataDir: temporaryFolder(), onFaults });
  expect(before).toBe(host.faults);
  const happened = new Set<string>();
  const { kafka, requests, messages, functions } = host.faults;
  for (const [name, rules] of Object.entries({ kafka, requests, messages, functions })) {
    if (rules !== undefined) rules.onTaken = () => happened.add(name);
  }
  kafka?.add({ api: 'Produce', times: 1, effect: { kind: 'drop', when: 'after' } });
  requests.add({ operation: 'PutObject', name: /\/out\//, times: 1, effect: { kind: 'drop', when: 'after' } });
  messages.add({ times: 2, effect: { kind: 'duplicate', seconds: 0 } });
  functions.add({ function: /Sink/, times: 1, effect: { kind: 'kill', afterMs: 0 } });
  await post(host.ingestUrl, names('a', 5));
  expect(await waitForAll(host, names('a', 5))).toEqual(names('a', 5).map((id) => `in/${id}`));
  expect([...happened].sort()).toEqual(['functions', 'kafka', 'messages', 'requests']);

  requests.add({ operation: 'PutObject', name: /\/in\//, times: 1, effect: { kind: 'hang' } });
  const hanging = post(host.ingestUrl, ['b']);
  while (host.killFunction(/Receiver/) === 0) await sleep(20);
  expect((await hanging).status).toBe(500);
});

test('invoke runs the one function with such a name', async () => {
  const echo = 'export const handler = async (event) => ({ got: event });';
  const Resources = { One: functionResource('echo'), Other: functionResource('echo') };
  const assemblyDir = writeAssembly({ Stack: { template: { Resources }, handlers: { echo } } });
  const host = await start({ assemblyDir, dataDir: temporaryFolder() });
  const result = await host.invoke(/-One$/, { a: 1 });
  expect(result.ok && JSON.parse(String(result.payload))).toEqual({ got: { a: 1 } });
  await expect(host.invoke(/Stack/, {})).rejects.toThrow(
    new HostError('Cannot invoke /Stack/: several functions have such a name, there are Stack-One, Stack-Other'),
  );
  await expect(host.invoke(/Three/, {})).rejects.toThrow('Cannot invoke /Three/: no function has such a name');
});

test('startHost gives the reason of a custom resource that fails', async () => {
  const failing = `export const handler = async ({ ResponseURL }) => {
    await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'FAILED', Reason: 'no such cluster' }) });
  };`;
  const Resources = {
    F: functionResource('failing'),
    Thing: { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['F', 'Arn'] } } },
  };
  const assemblyDir = writeAssembly({ Stack: { template: { Resources }, handlers: { failing } } });
  await expect(start({ assemblyDir, dataDir: temporaryFolder() })).rejects.toThrow(
    'Cannot run "Stack/Thing" (Custom::Thing): its function answered FAILED: no such cluster',
  );
});

test('startHost says that a port is taken, and leaves the data folder free', async () => {
  const blocker = createServer().listen(0, '127.0.0.1').unref();
  await once(blocker, 'listening');
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const dataDir = temporaryFolder();
  const Api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } };
  for (const ports of [{ port }, { kafkaPort: port }]) {
    const failure = await start({ assemblyDir: only(Api), dataDir, ...ports }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HostError);
    expect(String(failure)).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}": another process uses it`));
  }
  await start({ assemblyDir: only(Api), dataDir });
});

test('startHost says that no Kafka answers at the given brokers', async () => {
  const options = { assemblyDir: only({ Type: 'AWS::SQS::Queue' }), dataDir: temporaryFolder() };
  const failure = await start({ ...options, kafka: { brokers: '127.0.0.1:1', clientProperties: '' } }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(HostError);
  expect(String(failure)).toContain('Cannot reach Kafka at "127.0.0.1:1"');
});

test('startHost refuses a data folder of another Kafka, and knows its own again', async () => {
  const options = { assemblyDir: only({ Type: 'AWS::SQS::Queue' }), dataDir: temporaryFolder() };
  await (await start(options)).stop();
  await (await start(options)).stop();
  const broker = await startKafkaBroker({ dir: temporaryFolder() });
  const kafka = { brokers: broker.bootstrap, clientProperties: '' };
  await expect(start({ ...options, kafka })).rejects.toThrow(
    / was used with another Kafka cluster, .*, take another --/,
  );
  await start({ ...options, kafka, fresh: true });
  await hosts.pop()?.stop();
  await broker.stop();
});

test('startHost in another folder reads a Kafka of one’s own from the beginning, whoever read it before', async () => {
  const broker = await startKafkaBroker({ dir: temporaryFolder() });
  const options = { assemblyDir: writePipeline(), kafka: { brokers: broker.bootstrap, clientProperties: '' } };
  const first = await start({ ...options, dataDir: temporaryFolder() });
  await post(first.ingestUrl, names('a', 5));
  await waitForAll(first, names('a', 5));
  await hosts.pop()?.stop();

  const other = await start({ ...options, dataDir: temporaryFolder() });
  await waitForAll(other, names('a', 5));
  await hosts.pop()?.stop();
  await broker.stop();
});

test('stop is over when everything has ended, also for a second caller', async () => {
  const options = { assemblyDir: only({ Type: 'AWS::SQS::Queue' }), dataDir: temporaryFolder() };
  const host = await start(options);
  const first = host.stop();
  await host.stop();
  await start(options);
  await first;
});
