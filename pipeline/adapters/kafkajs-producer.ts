/** Kafka through kafkajs, as the `EventProducer` port. */
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { Kafka, type KafkaConfig, logLevel, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import type { EventProducer, OutgoingRecord, ProduceResult } from '../ports.ts';

export interface KafkaConnection {
  /** `host:port` pairs, separated by commas. */
  readonly brokers: string;
  /** `SASL_SSL` signs in with the process's IAM identity (MSK, port 9098); `PLAINTEXT` does not sign in. */
  readonly securityProtocol: string;
  /** The AWS region of an MSK cluster. */
  readonly region: string;
}

const ACKS_ALL = -1;
/** Below a topic's `max.message.bytes` (1,048,588) with room for each record's length fields. */
const BATCH_BYTES_MAX = 1_000_000;
const RECORD_OVERHEAD_BYTES = 32;
/** All tries together stay below the 29 seconds that API Gateway waits for an answer. */
const RETRY = { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 };
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 3_000;

/** Connects on first use and stays connected; one request at a time, as a Lambda environment has it. */
export function kafkajsProducer(connection: KafkaConnection): EventProducer & { disconnect(): Promise<void> } {
  const kafka = new Kafka(kafkaConfig(connection));
  let producer: Promise<Producer> | undefined;

  async function send(topic: string, chunk: readonly OutgoingRecord[]): Promise<ProduceResult[]> {
    try {
      producer ??= connect(kafka);
      const messages = chunk.map(toMessage);
      const metadata = await (await producer).send({ topic, acks: ACKS_ALL, messages });
      return offsets(chunk, metadata);
    } catch (error) {
      // kafkajs keeps its sequence number after a failed send although the broker may have stored the batch: the next
      // batch would be taken for its repetition and dropped. A new producer id starts a new sequence.
      const failed = producer;
      producer = undefined;
      failed?.then((broken) => broken.disconnect()).catch(() => undefined);
      return chunk.map(() => ({ error: error instanceof Error ? error : new Error(String(error)) }));
    }
  }

  return {
    async produce(topic, records) {
      const results: ProduceResult[] = new Array(records.length);
      let failure: ProduceResult | undefined;
      for (const indexes of chunks(records)) {
        const chunk = indexes.map((index) => records[index] as OutgoingRecord);
        // After one chunk has used up its tries, the rest would only keep the client waiting.
        const sent = failure ? chunk.map(() => failure as ProduceResult) : await send(topic, chunk);
        failure ??= sent.find((result) => 'error' in result);
        for (const [position, index] of indexes.entries()) {
          results[index] = sent[position] as ProduceResult;
        }
      }
      return results;
    },
    async disconnect() {
      await (await producer)?.disconnect();
      producer = undefined;
    },
  };
}

/** The client configuration for a connection, with IAM over TLS where the protocol asks for it. */
export function kafkaConfig({ brokers, securityProtocol, region }: KafkaConnection): KafkaConfig {
  const base: KafkaConfig = {
    clientId: 'headrace',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: RETRY,
  };
  switch (securityProtocol) {
    case 'PLAINTEXT':
      return base;
    case 'SASL_SSL':
      return {
        ...base,
        ssl: true,
        sasl: {
          mechanism: 'oauthbearer',
          oauthBearerProvider: async () => ({ value: (await generateAuthToken({ region })).token }),
        },
      };
    default:
      throw new Error(`Cannot connect to Kafka by "${securityProtocol}": allowed are SASL_SSL and PLAINTEXT`);
  }
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}

const toMessage = ({ partition, key, value, headers, timestamp }: OutgoingRecord): Message => ({
  partition,
  key: key === null ? null : Buffer.from(key.buffer, key.byteOffset, key.length),
  value: Buffer.from(value.buffer, value.byteOffset, value.length),
  headers: { ...headers },
  timestamp: String(timestamp),
});

/** Indexes of the records, cut so that no partition gets more than one batch of allowed size in one request. */
function chunks(records: readonly OutgoingRecord[]): number[][] {
  const result: number[][] = [];
  let chunk: number[] = [];
  let bytes = new Map<number, number>();
  for (const [index, record] of records.entries()) {
    const size = recordBytes(record);
    const filled = bytes.get(record.partition) ?? 0;
    if (filled > 0 && filled + size > BATCH_BYTES_MAX) {
      result.push(chunk);
      chunk = [];
      bytes = new Map();
    }
    chunk.push(index);
    bytes.set(record.partition, (bytes.get(record.partition) ?? 0) + size);
  }
  return chunk.length > 0 ? [...result, chunk] : result;
}

function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + value.length;
  for (const name of Object.keys(headers)) {
    bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 4;
  }
  return bytes;
}

/** A broker answers with the offset of each partition's first record; the others follow on. */
function offsets(chunk: readonly OutgoingRecord[], metadata: readonly RecordMetadata[]): ProduceResult[] {
  const next = new Map(metadata.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
  return chunk.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined || Number.isNaN(offset) || offset < 0) {
      return { error: new Error(`Kafka gave no offset for partition ${partition}`) };
    }
    next.set(partition, offset + 1);
    return { offset };
  });
}
