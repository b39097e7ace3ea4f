/** `npm run chaos`: the pipeline under load while everything fails that can; at the end nothing is lost or twice. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { synth } from '../../cli/synth.ts';
import type { CatalogParameter } from '../../pipeline/adapters/ssm-catalog.ts';
import { catalogParameterName } from '../../pipeline/contract/names.ts';
import { ChaosHost } from './chaos-host.ts';
import { failedInvocations } from './failed-invocations.ts';
import { headraceAudit } from './headrace-audit.ts';
import type { HostPlaces } from './host-process.ts';
import { type ClientOptions, sendOverHttp } from './http-client.ts';
import { type KafkaClientOptions, kafkajsProducer, platformaticProducer, sendToKafka } from './kafka-client.ts';
import { awsClient, findAll, isDrained, progressOf, queuedMessages } from './observe.ts';
import { chaosPlan, OUTAGE, type PlannedAction } from './plan.ts';
import { seededRandom } from './random.ts';
import { reconcile, type Verdict } from './reconcile.ts';
import { RecordBook } from './record-book.ts';
import { report } from './report.ts';
import { EVENTS, SCHEMAS_DIR, type TestEvent } from './test-event.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DRAIN_MS_MAX = 4 * 60_000;
const SEED_MAX = 1_000_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * SEED_MAX)) },
      assembly: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  console.log(`Chaos for ${minutes} minutes, seed ${seed}`);
  const folder = temporaryFolder();
  const assemblyDir = values.assembly ?? join(folder, 'cdk.out');
  if (values.assembly === undefined) await synth({ schemas: SCHEMAS_DIR, output: assemblyDir });
  const [dataDir, logFile] = [join(folder, 'data'), join(folder, 'host.log')];
  const faults = new Map<string, number>();
  const countFault = (name: string): void => {
    faults.set(name, (faults.get(name) ?? 0) + 1);
  };
  const host = new ChaosHost({
    assemblyDir,
    dataDir,
    seed,
    logFile,
    onFault: countFault,
  });
  let passed = false;
  try {
    await host.start();
    const book = new RecordBook();
    await chaos(host, book, seed, minutes * 60_000, countFault);
    await drain(host);
    const verdicts = await judge(host, book);
    const audits: string[] = [];
    for (const event of EVENTS) audits.push(...(await headraceAudit(event, dataDir)));
    const failed = failedInvocations(join(dataDir, 'logs'), OUTAGE);
    passed = report(verdicts, book, { injected: faults, failed }, [
      ...audits,
      ...falseAlarms(logFile),
      ...(host.failure === undefined ? [] : [`the host: ${host.failure}`]),
    ]);
  } finally {
    await host.stop();
    // Whatever the run threw is then only what came of it.
    if (host.failure !== undefined) console.log(`The host failed: ${host.failure}, see ${logFile}`);
    if (passed && !values.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    else console.log(`The data and the logs stay in ${folder}`);
    if (!passed) console.log(`FAILED: npm run chaos -- --minutes ${minutes} --seed ${seed}`);
  }
  return passed ? 0 : 1;
}

/** Errors that call a person: no fault of this run is a reason for one. */
function falseAlarms(logFile: string): string[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.filter((line) => /TopicReplacedError|BrokenInvariantError|UnknownFormatError/.test(line));
}

/** Inside the project, because bundles find native modules by walking up from it. */
function temporaryFolder(): string {
  const parent = join(ROOT, '.headrace');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'chaos-'));
}

/** Clients send while the plan is carried out. */
async function chaos(
  host: ChaosHost,
  book: RecordBook,
  seed: number,
  durationMs: number,
  countFault: (name: string) => void,
): Promise<void> {
  const ended = new AbortController();
  const clients = await startClients(host, book, seed, ended.signal);
  await carryOut(chaosPlan(seededRandom(seed, 'plan'), durationMs), host, countFault);
  ended.abort();
  await Promise.all(clients);
  await host.tell({ kind: 'calm' });
}

async function startClients(
  host: ChaosHost,
  book: RecordBook,
  seed: number,
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  const options = (name: string, event: TestEvent): ClientOptions => ({
    name: `${name}-${event}`,
    event,
    random: seededRandom(seed, `${name} ${event}`),
    host,
    book,
    signal,
  });
  const kafkaOptions: Omit<KafkaClientOptions, 'connect'>[] = [];
  const places = host.places as HostPlaces;
  for (const event of EVENTS) {
    const { highWatermarks } = await progressOf(event, places);
    const schemaVersionId = await newestSchemaVersionId(event, places);
    kafkaOptions.push({ ...options('kafka', event), schemaVersionId, partitions: highWatermarks.size });
  }
  return [
    ...EVENTS.map((event) => sendOverHttp(options('http', event))),
    ...kafkaOptions.flatMap((each) => [
      sendToKafka({ ...each, name: `kafkajs-${each.event}`, connect: kafkajsProducer }),
      sendToKafka({ ...each, name: `platformatic-${each.event}`, connect: platformaticProducer }),
    ]),
  ];
}

async function newestSchemaVersionId(event: TestEvent, places: HostPlaces): Promise<string> {
  const ssm = new SSMClient(awsClient(places));
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: catalogParameterName(event) }));
  const { schemaVersionIds } = JSON.parse(Parameter?.Value ?? '') as CatalogParameter;
  return schemaVersionIds.at(-1) ?? '';
}

async function carryOut(
  plan: readonly PlannedAction[],
  host: ChaosHost,
  countFault: (name: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  for (const { atMs, action } of plan) {
    await sleep(Math.max(0, startedAt + atMs - performance.now()));
    if (host.failure !== undefined) throw new Error(`The host failed: ${host.failure}`);
    if (action.kind === 'kill-host') {
      countFault('host: kill -9');
      await host.killAndRestart();
    } else {
      void host.tell(action);
    }
  }
}

/** Until the relay's queue is empty, everything in Kafka is committed and everything committed is loaded. */
async function drain(host: ChaosHost): Promise<void> {
  const deadline = Date.now() + DRAIN_MS_MAX;
  for (;;) {
    if (host.failure !== undefined) throw new Error(`The host failed: ${host.failure}`);
    const places = host.places as HostPlaces;
    // In this order: what the relay writes last must be seen in Kafka.
    const queued = await queuedMessages(places);
    await host.tell({ kind: 'settle' });
    const progress = await Promise.all(EVENTS.map((event) => progressOf(event, places)));
    if (queued === 0 && progress.every(isDrained)) return;
    if (Date.now() > deadline)
      throw new Error(`The pipeline did not drain: ${JSON.stringify([queued, ...progress.map(summary)])}`);
    await sleep(500);
  }
}

const summary = ({ highWatermarks, commits, loadedCommits }: Awaited<ReturnType<typeof progressOf>>) => ({
  kafka: Object.fromEntries(highWatermarks),
  committed: Object.fromEntries(
    [...highWatermarks.keys()].map((partition) => [
      partition,
      Math.max(0, ...commits.filter((commit) => commit.partition === partition).map(({ next }) => next)),
    ]),
  ),
  commits: commits.length,
  loadedCommits,
});

async function judge(host: ChaosHost, book: RecordBook): Promise<Map<TestEvent, Verdict>> {
  const verdicts = new Map<TestEvent, Verdict>();
  for (const event of EVENTS) {
    const found = await findAll(event, host.places as HostPlaces);
    const ofEvent = <Each extends { readonly event: string }>(list: readonly Each[]) =>
      list.filter((each) => each.event === event);
    verdicts.set(event, reconcile(ofEvent(book.acknowledged), ofEvent(book.queued), found));
  }
  return verdicts;
}
