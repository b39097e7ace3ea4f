/** Apache Kafka itself, from Maven Central, as a single node on loopback: what the embedded broker is compared with. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { run } from './run.ts';
import { type SecureListener, secureListener } from './secure-listener.ts';

/** A running broker. */
export interface ApacheKafka {
  /** host:port. */
  readonly bootstrap: string;
  /** The same broker by TLS and SASL; who signs in may do everything. */
  readonly secure: {
    /** host:port. */
    readonly bootstrap: string;
    /** A file of client properties, gone after `stop`. */
    readonly clientConfig: string;
  };
  readonly version: string;
  /** Of the Java process. */
  readonly pid: number;
  readonly startMs: number;
  stop(): Promise<void>;
}

const version = '4.2.0';
/** Kafka's libraries name no logging back end; without one it starts in silence, and we wait for a line of its log. */
const loggingVersion = '2.25.3';
const libraries = join(import.meta.dirname, '../../../node_modules/.cache/apache-kafka', version);
const startTimeoutMs = 60_000;

/** What is missing on this machine, or undefined. */
export function missingForApacheKafka(): string | undefined {
  const missing = ['java', 'keytool', 'mvn'].filter((command) => spawnSync(command, ['-version']).error !== undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not found: a JDK 17 and Maven are needed`;
}

/** Fetches Kafka if need be and starts it on free ports with an empty folder, which `stop` removes. */
export async function startApacheKafka(): Promise<ApacheKafka> {
  await fetchLibraries();
  const folder = await mkdtemp(join(tmpdir(), 'apache-kafka-'));
  const [bootstrap = '', secureBootstrap = '', controller = ''] = await freeAddresses(3);
  const secure = await secureListener(folder);
  const settings = join(folder, 'server.properties');
  const logging = join(folder, 'log4j2.yaml');
  const listeners = `PLAINTEXT://${bootstrap},SASL_SSL://${secureBootstrap}`;
  await writeFile(settings, serverSettings(listeners, controller, join(folder, 'data'), secure));
  await writeFile(logging, loggingSettings);
  const java = ['-cp', join(libraries, '*'), `-Dlog4j2.configurationFile=${logging}`];
  const clusterId = randomBytes(16).toString('base64url');
  // One word: one id in 64 begins with a dash, and as a word of its own it would be taken for an option.
  const identity = `--cluster-id=${clusterId}`;
  const format = ['kafka.tools.StorageTool', 'format', identity, '-c', settings, ...secure.formatArguments];
  run('java', [...java, ...format]);
  const startedAt = performance.now();
  const log = join(folder, 'kafka.log');
  // To a file: a pipe that a busy parent does not read fills up, and then Kafka's threads wait for it.
  const output = await open(log, 'w');
  const server = spawn('java', ['-Xmx1g', ...java, 'kafka.Kafka', settings], {
    stdio: ['ignore', output.fd, output.fd],
  });
  await output.close();
  const stop = async () => {
    if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  };
  let startMs: number;
  try {
    await untilStarted(server, log);
    startMs = performance.now() - startedAt;
    await useCoordinators(bootstrap);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    bootstrap,
    secure: { bootstrap: secureBootstrap, clientConfig: secure.clientConfig },
    version,
    pid: server.pid ?? 0,
    startMs,
    stop,
  };
}

async function fetchLibraries(): Promise<void> {
  if (existsSync(libraries)) return;
  const folder = `${libraries}.partial`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, pomOf(version));
  run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]);
  await rename(folder, libraries);
}

/** Of ports that were free a moment ago: Kafka has to be told before it starts. */
async function freeAddresses(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses;
}

async function untilStarted(server: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (let said = ''; !said.includes('Kafka Server started'); said = await readFile(log, 'utf8')) {
    if (server.exitCode !== null || Date.now() > deadline) {
      throw new Error(`Cannot start Apache Kafka:\n${said.split('\n').slice(-40).join('\n')}`);
    }
    await sleep(20);
  }
}

/**
 * Kafka makes the internal topics of groups and transactions with their first use, and for some moments after that its
 * coordinators forget what they have just answered. One of each here leaves none of that to a test.
 */
async function useCoordinators(bootstrap: string): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  const topic = 'first-use';
  const admin = kafka.admin();
  const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
    await admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '0' }] });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: topic, timestamp: String(Date.now()) }] });
    await transaction.commit();
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
}

function pomOf(kafkaVersion: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId><artifactId>apache-kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${loggingVersion}</version></dependency>
  </dependencies>
</project>
`;
}

/** Internal topics fit one node; housekeeping runs often enough for a test to wait for it. */
function serverSettings(listeners: string, controller: string, data: string, secure: SecureListener): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${controller}
listeners=${listeners},CONTROLLER://${controller}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
group.initial.rebalance.delay.ms=0
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
log.cleaner.backoff.ms=500
${secure.settings}`;
}

const loggingSettings = `Configuration:
  Appenders:
    Console: { name: out, PatternLayout: { pattern: "%p %m%n" } }
  Loggers:
    Root: { level: WARN, AppenderRef: { ref: out } }
    Logger: { name: kafka.server.KafkaRaftServer, level: INFO }
`;
