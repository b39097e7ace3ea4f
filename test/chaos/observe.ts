/** Reads what Kafka, the lake and the warehouse hold. */
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Kafka, logLevel } from 'kafkajs';
import { query } from '../../cli/warehouse-file.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { lakeParts } from '../../pipeline/compact/lake-files.ts';
import { eventStackName, LOAD_LEDGER } from '../../pipeline/contract/names.ts';
import type { ObjectStore } from '../../pipeline/ports.ts';
import type { Commit } from '../../pipeline/sink/commit.ts';
import { listCommits, readCommit } from '../../pipeline/sink/commit-log.ts';
import type { DeadLetterLine } from '../../pipeline/sink/dead-letter.ts';
import type { HostPlaces } from './host-process.ts';
import type { Found, Place } from './reconcile.ts';
import { SPOILT_SQL, type TestEvent } from './test-event.ts';

/** Where an event's stages stand. */
export interface Progress {
  readonly highWatermarks: ReadonlyMap<number, number>;
  readonly commits: readonly Commit[];
  readonly loadedCommits: number;
}

/** The queue and its dead letters. */
const RELAY_QUEUES = 'Platform-Relay';
const MESSAGE_COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

export const awsClient = ({ awsEndpoint }: Pick<HostPlaces, 'awsEndpoint'>) => ({
  endpoint: awsEndpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

export async function progressOf(event: TestEvent, places: HostPlaces): Promise<Progress> {
  const lake = lakeOf(event, places);
  const commits: Commit[] = [];
  for await (const { key } of listCommits(lake)) commits.push(await readCommit(lake, key));
  return {
    highWatermarks: await highWatermarks(event, places),
    commits,
    loadedCommits: await loadedCommits(event, places),
  };
}

/** True when all of the topic is committed and all commits are loaded. */
export function isDrained({ highWatermarks, commits, loadedCommits }: Progress): boolean {
  const next = Map.groupBy(commits, ({ partition }) => partition);
  const isCommitted = [...highWatermarks].every(
    ([partition, end]) => Math.max(0, ...(next.get(partition) ?? []).map((commit) => commit.next)) >= end,
  );
  return isCommitted && loadedCommits >= commits.length;
}

/** Messages that the relay has not written, or has given up. */
export async function queuedMessages(places: HostPlaces): Promise<number> {
  const sqs = new SQSClient(awsClient(places));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: RELAY_QUEUES }));
  let messages = 0;
  for (const QueueUrl of QueueUrls) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...MESSAGE_COUNTS] }),
    );
    for (const name of MESSAGE_COUNTS) messages += Number(Attributes?.[name] ?? 0);
  }
  return messages;
}

export async function findAll(event: TestEvent, places: HostPlaces): Promise<Found> {
  const { commits, highWatermarks } = await progressOf(event, places);
  const [rows, spoilt] = await query(places.warehousePath, [
    `SELECT _partition, _offset, _id FROM ${event}`,
    `SELECT count(*) FROM ${event} WHERE ${SPOILT_SQL}`,
  ]);
  return {
    commits,
    highWatermarks,
    deadLetters: await deadLetters(lakeOf(event, places), commits),
    rows: (rows?.rows ?? []).map(([partition, offset, id]) => ({
      partition: Number(partition),
      offset: Number(offset),
      id: String(id),
    })),
    lakeRows: await lakeRows(lakeOf(event, places), highWatermarks.size),
    spoilt: Number(spoilt?.rows[0]?.[0]),
  };
}

export function lakeOf(event: TestEvent, places: Pick<HostPlaces, 'awsEndpoint' | 'outputs'>): ObjectStore {
  const bucket = places.outputs[eventStackName(event)]?.['LakeBucketName'] ?? '';
  return s3ObjectStore(bucket, new S3Client(awsClient(places)));
}

async function highWatermarks(topic: string, { kafkaBrokers }: HostPlaces): Promise<Map<number, number>> {
  const admin = new Kafka({ brokers: kafkaBrokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

async function loadedCommits(event: string, { warehousePath }: HostPlaces): Promise<number> {
  try {
    const sql = `SELECT count(*) FROM ${LOAD_LEDGER} WHERE event = '${event}'`;
    const [answer] = await query(warehousePath, [sql]);
    return Number(answer?.rows[0]?.[0] ?? 0);
  } catch {
    // Before the first load there is no file, or no ledger in it.
    return 0;
  }
}

/** Of the files that a reader of the lake would read: merged ones as far as compactions go. */
async function lakeRows(lake: ObjectStore, partitions: number): Promise<number> {
  let rows = 0;
  for (let partition = 0; partition < partitions; partition++) {
    for await (const { files } of lakeParts(lake, partition)) rows += files.reduce((sum, file) => sum + file.rows, 0);
  }
  return rows;
}

async function deadLetters(lake: ObjectStore, commits: readonly Commit[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const { rejected } of commits) {
    if (rejected === null) continue;
    const lines = Buffer.from(await lake.get(rejected.key))
      .toString('utf8')
      .trim()
      .split('\n');
    places.push(...lines.map((line) => JSON.parse(line) as DeadLetterLine));
  }
  return places;
}
