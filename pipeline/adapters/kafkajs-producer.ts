/** Kafka through kafkajs, as the `EventProducer` port. */
import { Kafka, type KafkaConfig, type Message, type Producer } from 'kafkajs';
import type { EventProducer, OutgoingRecord, ProduceResult } from '../ports.ts';

const ACKS_ALL = -1;
/** Below a topic's `max.message.bytes` (1,048,588) with room for each record's length fields. */
const BATCH_BYTES_MAX = 1_000_000;
const RECORD_OVERHEAD_BYTES = 32;
/** Times in milliseconds. */
const CLIENT = {
  clientId: 'headrace',
  requestTimeout: 5_000,
  connectionTimeout: 3_000,
  retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 },
} as const;
/** kafkajs nests its retries, so only a clock bounds them. API Gateway waits 30 seconds for an answer. */
const DEADLINE_MS = 20_000;

/**
 * Connects on first use and stays connected; one call at a time, as a Lambda environment has it.
 *
 * Each partition's batches are sent apart. In a send to several brokers that one of them fails, kafkajs sends again
 * what the others are still storing, under a new sequence number, and the records are there twice.
 */
export function kafkajsProducer(
  config: KafkaConfig,
  deadlineMs: number = DEADLINE_MS,
): EventProducer & { disconnect(): Promise<void> } {
  const kafka = new Kafka({ ...CLIENT, ...config });
  let producer: Promise<Producer> | undefined;
  return {
    async produce(records) {
      const current = producer ?? connect(kafka);
      producer = current;
      const failure = { error: new Error(`Kafka did not answer within ${deadlineMs} ms`) };
      const results: ProduceResult[] = records.map(() => failure);
      const expired = AbortSignal.timeout(deadlineMs);
      const partitions = Map.groupBy(records.keys(), (index) => partitionName(records[index] as OutgoingRecord));
      const sends = [...partitions.values()].map((indexes) =>
        producePartition(current, records, indexes, results, expired),
      );
      await Promise.race([Promise.all(sends), new Promise((resolve) => expired.addEventListener('abort', resolve))]);
      if (results.some((result) => 'error' in result)) {
        // kafkajs keeps its sequence number after a failed send although the broker may have stored the batch: the
        // next batch would be taken for its repetition and dropped. A new producer id starts a new sequence.
        producer = undefined;
        closeAfter(sends, current);
      }
      return [...results];
    },
    async disconnect() {
      const connected = producer;
      producer = undefined;
      await (await connected)?.disconnect();
    },
  };
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}

const partitionName = ({ topic, partition }: OutgoingRecord): string => `${topic}/${partition}`;

/** A send that is still tried would open a connection again if it found it closed. */
function closeAfter(sends: ReadonlyArray<Promise<void>>, producer: Promise<Producer>): void {
  Promise.all(sends)
    .then(async () => (await producer).disconnect())
    .catch(() => undefined);
}

/** Puts what became of the records at `indexes`, all of one partition, into `results`. Never throws. */
async function producePartition(
  producer: Promise<Producer>,
  records: readonly OutgoingRecord[],
  indexes: readonly number[],
  results: ProduceResult[],
  expired: AbortSignal,
): Promise<void> {
  let sent = 0;
  try {
    for (const batch of batches(indexes.map((index) => records[index] as OutgoingRecord))) {
      expired.throwIfAborted();
      const first = await sendBatch(await producer, batch);
      for (const [position, index] of indexes.slice(sent, sent + batch.length).entries()) {
        results[index] = { offset: first + position };
      }
      sent += batch.length;
    }
  } catch (error) {
    // What follows is not sent: it would only keep the client waiting, and could overtake what failed.
    for (const index of indexes.slice(sent)) {
      results[index] = { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

/** @returns the offset of the first record; the others follow on. */
async function sendBatch(producer: Producer, batch: readonly OutgoingRecord[]): Promise<number> {
  const { topic, partition } = batch[0] as OutgoingRecord;
  const [metadata] = await producer.send({ topic, acks: ACKS_ALL, messages: batch.map(toMessage) });
  const offset = Number(metadata?.baseOffset);
  if (!(offset >= 0)) {
    throw new Error(`Kafka gave no offset for partition ${partition} of ${topic}`);
  }
  return offset;
}

const toMessage = ({ partition, key, value, headers, timestamp }: OutgoingRecord): Message => ({
  partition,
  key: key === null ? null : Buffer.from(key.buffer, key.byteOffset, key.length),
  value: Buffer.from(value.buffer, value.byteOffset, value.length),
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)])),
  timestamp: String(timestamp),
});

/** The records of one partition in order, cut into batches that a broker takes. */
function batches(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const result: OutgoingRecord[][] = [];
  let batch: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = recordBytes(record);
    if (batch.length === 0 || bytes + size > BATCH_BYTES_MAX) {
      batch = [];
      bytes = 0;
      result.push(batch);
    }
    batch.push(record);
    bytes += size;
  }
  return result;
}

function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + value.length;
  for (const name of Object.keys(headers)) {
    bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 4;
  }
  return bytes;
}
