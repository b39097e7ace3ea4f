/** `headrace demo`: real data through the whole pipeline, checked against its source. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Kafka } from 'kafkajs';
import { checkPlace } from '../local/check-place.ts';
import { type Host, startHost } from '../local/host.ts';
import { type KafkaConnection, kafkaConfig } from '../pipeline/adapters/kafka-connection.ts';
import { s3ObjectStore } from '../pipeline/adapters/s3-object-store.ts';
import { eventStackName, LOAD_LEDGER } from '../pipeline/contract/names.ts';
import type { Commit } from '../pipeline/sink/commit.ts';
import { CommandError } from './command-error.ts';
import type { DataSet } from './demo/data-set.ts';
import { earthquakes } from './demo/earthquakes.ts';
import { flights } from './demo/flights.ts';
import { lakeReader } from './demo/lake-state.ts';
import { type Reconciled, reconcile } from './demo/reconcile.ts';
import { type Sent, sendEvents } from './demo/send-events.ts';
import { progressBar } from './progress-bar.ts';
import { ASSEMBLY_DIR, SCHEMAS_DIR, synth } from './synth.ts';
import { type Cell, textTable } from './text-table.ts';
import { query } from './warehouse-file.ts';

const DATA_DIR = '.headrace/demo';
const QUESTION = 'How late are flights, by the time of day?';
const QUESTION_SQL = `
  SELECT CASE WHEN departure_hour < 6 THEN '00 to 06' WHEN departure_hour < 12 THEN '06 to 12'
              WHEN departure_hour < 18 THEN '12 to 18' ELSE '18 to 24' END AS hours,
         count(*) AS flights,
         round(avg(delay_minutes), 2) AS average_delay,
         round(100 * avg((delay_minutes > 15)::INTEGER), 2) AS percent_late
  FROM flight_departed GROUP BY ALL ORDER BY hours`;
const POLL_MS = 250;
const QUIET_MINUTES_MAX = 2;
const MEGABYTE = 1_000_000;
/** The exit code of a command that Ctrl-C ended: 128 and SIGINT's 2. */
const INTERRUPTED = 130;

interface Run {
  readonly set: DataSet;
  readonly sent: Sent;
  /** When its first event was sent, in milliseconds of the process. */
  readonly started: number;
  /** Since then, in seconds; 0 until it is so. */
  committedAfter: number;
  loadedAfter: number;
  commits: readonly Commit[];
}

/**
 * @param kafka a Kafka to use instead of the embedded broker; its topics of these events must be empty.
 * @returns the exit code: 0 when every number agrees.
 */
export async function demo(kafka: KafkaConnection | undefined): Promise<number> {
  const sets = loadDataSets();
  for (const { event } of sets) {
    if (!existsSync(join(SCHEMAS_DIR, event))) {
      throw new CommandError(`Cannot run the demo: it sends ${event}, and there is no ${SCHEMAS_DIR}/${event}`);
    }
  }
  const place = { dataDir: DATA_DIR, ...(kafka && { kafka }) };
  await checkPlace(place);
  await synth();
  const host = await startHost({ ...place, assemblyDir: ASSEMBLY_DIR, fresh: true, log: () => undefined });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void host.stop().finally(() => process.exit(INTERRUPTED));
  };
  process.once('SIGINT', interrupt);
  try {
    console.log(`The pipeline runs: ${host.ingestUrl}\n`);
    const runs: Run[] = [];
    for (const set of sets) {
      const bar = progressBar(set.event.padEnd(20), set.size);
      const started = performance.now();
      const sent = await sendEvents(host.ingestUrl, set, (answered) => bar.update(answered));
      runs.push({ set, sent, started, committedAfter: 0, loadedAfter: 0, commits: [] });
    }
    console.log('\nWaiting for the warehouse ...');
    // Events with minutes of freshness are drained on a schedule; the demo does not wait for its next run.
    await host.runSchedules();
    await followUntilLoaded(host, runs);
    return await report(host, runs);
  } catch (error) {
    // What still runs fails without the host, which is no news.
    if (interrupted) return INTERRUPTED;
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
    await host.stop();
  }
}

function loadDataSets(): DataSet[] {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('vega-datasets/package.json'));
    return [flights(join(folder, 'data', 'flights-200k.json')), earthquakes(join(folder, 'data', 'earthquakes.json'))];
  } catch (error) {
    throw new CommandError(`Cannot read the data of vega-datasets (is it installed? npm ci): ${String(error)}`);
  }
}

/** Watches the commits, then the ledger, until both have what was accepted, or nothing has moved for too long. */
async function followUntilLoaded(host: Host, runs: Run[]): Promise<void> {
  const s3 = new S3Client(clientConfig(host));
  const readers = runs.map(({ set }) => lakeReader(s3ObjectStore(output(host, set.event, 'LakeBucketName'), s3)));
  let [progress, quietSince] = [-1, performance.now()];
  while (runs.some(({ loadedAfter }) => loadedAfter === 0)) {
    let seen = 0;
    for (const [index, run] of runs.entries()) {
      run.commits = run.committedAfter > 0 ? run.commits : ((await readers[index]?.()) ?? []);
      const records = run.commits.reduce((sum, { rows, rejected }) => sum + rows + (rejected?.count ?? 0), 0);
      const now = (performance.now() - run.started) / 1000;
      if (records >= run.sent.accepted && run.committedAfter === 0) {
        run.committedAfter = now;
      }
      const loaded = run.committedAfter > 0 ? await loadedCommits(host, run.set.event) : 0;
      if (run.committedAfter > 0 && loaded >= run.commits.length && run.loadedAfter === 0) {
        run.loadedAfter = now;
      }
      seen += records + loaded;
    }
    if (seen !== progress) {
      [progress, quietSince] = [seen, performance.now()];
    } else if (performance.now() - quietSince > QUIET_MINUTES_MAX * 60_000) {
      throw new CommandError(`Nothing has moved for ${QUIET_MINUTES_MAX} minutes; see the logs in ${DATA_DIR}/logs`);
    }
    await sleep(POLL_MS);
  }
}

async function loadedCommits(host: Host, event: string): Promise<number> {
  try {
    const sql = `SELECT count(*) FROM ${LOAD_LEDGER} WHERE event = '${event}'`;
    const [answer] = await query(host.warehousePath, [sql]);
    return Number(answer?.rows[0]?.[0] ?? 0);
  } catch {
    // Before the first load there is no file, or no ledger in it.
    return 0;
  }
}

async function report(host: Host, runs: readonly Run[]): Promise<number> {
  const rows: Cell[][] = [];
  const problems: string[] = [];
  for (const run of runs) {
    const { set, sent, commits, committedAfter, loadedAfter } = run;
    const inKafka = await kafkaRecords(host, set.event);
    const found = await reconcile(host.warehousePath, set.event, set, sent, commits);
    const megabytes = found.bytes / MEGABYTE;
    const counts = [sent.accepted, inKafka, found.committed, sent.rejected + found.deadLetters];
    rows.push([
      set.event,
      ...counts,
      found.files,
      megabytes,
      found.rows,
      found.lost,
      found.duplicated,
      loadedAfter,
      Math.round(sent.accepted / loadedAfter),
    ]);
    problems.push(...findProblems(run, inKafka, found, await failedLoads(host, set.event)));
    const rate = (seconds: number) => Math.round(sent.accepted / seconds).toLocaleString('en-US');
    console.log(
      `${set.event}: ${rate(sent.seconds)} events/s into Kafka, ${rate(committedAfter)} into the lake, ${rate(loadedAfter)} into the warehouse`,
    );
  }
  const header = [
    'event',
    'accepted',
    'in Kafka',
    'committed',
    'rejected',
    'files',
    'MB',
    'rows',
    'lost',
    'duplicated',
    'seconds',
    'events/s',
  ];
  console.log(`\n${textTable(header, rows)}\n`);
  const [answer] = await query(host.warehousePath, [QUESTION_SQL]);
  console.log(
    `${QUESTION}\n\n${textTable(
      answer?.columns ?? [],
      (answer?.rows ?? []).map((row) => row.map(toCell)),
    )}\n`,
  );
  const checks = runs.reduce((sum, { set }) => sum + set.checks.length, 0);
  if (problems.length > 0) {
    console.log(`DIFFERENT from the source:\n${problems.map((text) => `  ${text}`).join('\n')}`);
    return 1;
  }
  console.log(`All ${checks} counts and sums of the warehouse equal those of the source files.`);
  console.log(`The data stays in ${DATA_DIR}: warehouse.duckdb opens in any DuckDB.`);
  return 0;
}

function findProblems({ set, sent }: Run, inKafka: number, found: Reconciled, failedLoads: number): string[] {
  const problems = [...sent.refusals.map((text) => `${set.event}: refused: ${text}`), ...found.differences];
  const expectEqual = (what: string, actual: number, expected: number) => {
    if (actual !== expected) {
      problems.push(`${set.event}: ${what} is ${actual}, not ${expected}`);
    }
  };
  expectEqual('accepted', sent.accepted, set.size);
  expectEqual('records in Kafka', inKafka, sent.accepted);
  expectEqual('committed', found.committed, sent.accepted);
  expectEqual('rows', found.rows, sent.accepted);
  expectEqual('lost', found.lost, 0);
  expectEqual('duplicated', found.duplicated, 0);
  expectEqual('loads that failed', failedLoads, 0);
  return problems;
}

const toCell = (value: unknown): Cell =>
  typeof value === 'number' || typeof value === 'bigint' ? value : String(value);

/** Records between the low and the high watermarks. */
async function kafkaRecords(host: Host, topic: string): Promise<number> {
  const admin = new Kafka(kafkaConfig(host.kafka)).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}

/** Messages in the dead-letter queue of the event's loads. */
async function failedLoads(host: Host, event: string): Promise<number> {
  const sqs = new SQSClient(clientConfig(host));
  const QueueUrl = output(host, event, 'LoadDeadLetterQueueUrl');
  const request = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
  const { Attributes } = await sqs.send(request);
  return Number(Attributes?.['ApproximateNumberOfMessages']);
}

const clientConfig = (host: Host) => ({
  endpoint: host.awsEndpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

function output(host: Host, event: string, id: string): string {
  const value = host.outputs[eventStackName(event)]?.[id];
  if (!value) {
    throw new CommandError(`Cannot find ${id} of ${event}: is its folder in schemas/?`);
  }
  return value;
}
