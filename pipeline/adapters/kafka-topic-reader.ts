/** Kafka as the `TopicReader` port: what a topic holds, and ranges of it, without a consumer group. */
import { committedBatches, type FetchedBatches, offsetAfter } from '../kafka/committed-batches.ts';
import { fetch, listOffsets } from '../kafka/data-apis.ts';
import { errorCode } from '../kafka/error-code.ts';
import { readRecords } from '../kafka/record.ts';
import type { KafkaRecord, OffsetRange, PartitionOffsets, TopicReader } from '../ports.ts';
import { KafkaAnswerError, KafkaCluster } from './kafka-cluster.ts';
import { type BrokerAddress, type KafkaConnection, kafkaAccess } from './kafka-connection.ts';

/** Spoken by Kafka from 2.3 to 4.x. Batches compressed by Zstandard are given out from version 10 of `Fetch` on. */
const VERSIONS = { listOffsets: 2, fetch: 11 } as const;
/** Committed transactions only, and all that was written. */
const READ_COMMITTED = 1;
const READ_UNCOMMITTED = 0;
/** Timestamps that stand for offsets. */
const EARLIEST = -2;
const LATEST = -1;
/** A broker gives one whole batch even when it is larger. */
const FETCH_BYTES_MAX = 4_000_000;
/** What is asked for is there, so a broker has no reason to wait long. */
const FETCH_WAIT_MS = 500;
/** A batch of records for the caller ends with the Kafka batch that reaches either. */
const RECORDS_MIN = 1_000;
const BYTES_MIN = 1_000_000;
const PATIENCE_MS = 30_000;

/** A fetch: from which offset on, and where the next one begins. */
interface Fetched extends FetchedBatches {
  readonly from: number;
  readonly next: number;
}

/**
 * Connects on first use; one connection for each broker that leads a partition of interest. Joins no group and commits
 * no offset. Keys, values and headers are views of a fetch's memory (4 MB): who keeps one of them keeps all.
 * Memory: for each loop over `read` two fetches, and one Kafka batch decompressed.
 * @param patienceMs how long a call repeats what fails before it gives up.
 * @throws Error of one line when the connection's properties are not known.
 */
export function kafkaTopicReader(connection: KafkaConnection, patienceMs: number = PATIENCE_MS): TopicReader {
  const cluster = new KafkaCluster(kafkaAccess(connection), patienceMs);
  return {
    offsets: (topic) => cluster.persist(topic, () => topicOffsets(cluster, topic)),
    end: (topic, partition) =>
      cluster.persist(topic, async () => {
        const leader = (await cluster.findLeaders(topic)).get(partition);
        const [end = 0] = await offsetsAt(cluster, leader, topic, [partition], LATEST, READ_UNCOMMITTED);
        return end;
      }),
    read: (topic, range) => readRange(cluster, topic, range),
    close: async () => cluster.close(),
  };
}

async function topicOffsets(cluster: KafkaCluster, topic: string): Promise<readonly PartitionOffsets[]> {
  const leaders = await cluster.findLeaders(topic);
  const partitions = [...leaders.keys()].toSorted((a, b) => a - b);
  const byLeader = Map.groupBy(partitions, (partition) => leaders.get(partition));
  const known = await Promise.all(
    [...byLeader].map(async ([leader, own]) => {
      const [lows, highs] = await Promise.all([
        offsetsAt(cluster, leader, topic, own, EARLIEST),
        offsetsAt(cluster, leader, topic, own, LATEST),
      ]);
      return own.map((partition, at) => ({ partition, low: lows[at] as number, high: highs[at] as number }));
    }),
  );
  return known.flat().toSorted((a, b) => a.partition - b.partition);
}

/** @returns the offsets in the order of the partitions. */
async function offsetsAt(
  cluster: KafkaCluster,
  leader: BrokerAddress | undefined,
  topic: string,
  partitions: readonly number[],
  timestamp: number,
  isolationLevel = READ_COMMITTED,
): Promise<readonly number[]> {
  if (leader === undefined) throw new KafkaAnswerError(errorCode.leaderNotAvailable);
  const wanted = { topic, partitions: partitions.map((partition) => ({ partition, timestamp })) };
  const request = { replicaId: -1, isolationLevel, topics: [wanted] };
  const answer = await cluster.call(leader, listOffsets, VERSIONS.listOffsets, request);
  return partitions.map((partition) => {
    const found = answer.topics[0]?.partitions.find((one) => one.partition === partition);
    const code = found?.errorCode ?? errorCode.unknownTopicOrPartition;
    if (found === undefined || code !== errorCode.none) throw new KafkaAnswerError(code);
    return found.offset;
  });
}

async function* readRange(
  cluster: KafkaCluster,
  topic: string,
  range: OffsetRange,
): AsyncGenerator<readonly KafkaRecord[]> {
  const fetchFrom = (position: number): Promise<Fetched> => {
    const fetched = cluster.persist(topic, () => fetchOnce(cluster, topic, range.partition, position));
    // It may fail while the caller works, who hears of it at the next turn of the loop, if there is one.
    fetched.catch(() => undefined);
    return fetched;
  };
  if (range.first >= range.next) return;
  for (let pending = fetchFrom(range.first); ; ) {
    const fetched = await pending;
    const isLast = fetched.next >= range.next;
    if (!isLast) pending = fetchFrom(fetched.next);
    yield* recordsOf(fetched, topic, range);
    if (isLast) return;
  }
}

/**
 * What a partition holds from `position` on. Where retention has passed it by, nothing, and the first offset left as
 * `next`.
 */
async function fetchOnce(cluster: KafkaCluster, topic: string, partition: number, position: number): Promise<Fetched> {
  const leader = (await cluster.leaders(topic)).get(partition);
  if (leader === undefined) throw new KafkaAnswerError(errorCode.leaderNotAvailable);
  const wanted = { partition, fetchOffset: position, partitionMaxBytes: FETCH_BYTES_MAX };
  const answer = await cluster.call(leader, fetch, VERSIONS.fetch, {
    maxWaitMs: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES_MAX,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [wanted] }],
  });
  const given = answer.topics[0]?.partitions[0];
  const code = given?.errorCode ?? errorCode.unknownTopicOrPartition;
  if (code === errorCode.offsetOutOfRange) {
    const [low = position] = await offsetsAt(cluster, leader, topic, [partition], EARLIEST);
    if (low > position) return { records: Buffer.alloc(0), aborted: [], from: position, next: low };
  }
  if (code !== errorCode.none) throw new KafkaAnswerError(code);
  const records = given?.records ?? Buffer.alloc(0);
  const next = offsetAfter(records);
  // No proof that there is nothing: a broker that is throttled, or waits for its tiered storage, gives nothing as well.
  if (next === undefined) throw new Error(`Kafka gave no record from offset ${position} of partition ${partition} on`);
  return { records, aborted: given?.abortedTransactions ?? [], from: position, next };
}

function* recordsOf(fetched: Fetched, topic: string, range: OffsetRange): Generator<readonly KafkaRecord[]> {
  const { partition, next } = range;
  let records: KafkaRecord[] = [];
  let size = 0;
  for (const batch of committedBatches(fetched)) {
    for (const { offset, timestamp, key, value, headers, bytes } of readRecords(batch)) {
      // The first batch may begin before what was asked for.
      if (offset < fetched.from || offset >= next) continue;
      records.push({ topic, partition, offset, timestamp, key, value, headers });
      size += bytes.length;
    }
    if (records.length >= RECORDS_MIN || size >= BYTES_MIN) {
      yield records;
      records = [];
      size = 0;
    }
  }
  if (records.length > 0) yield records;
}
