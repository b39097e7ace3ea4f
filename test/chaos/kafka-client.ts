/** Producers that write framed records straight to the topics, past the API. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Producer as PlatformaticProducer } from '@platformatic/kafka';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { glueHeader } from '../../pipeline/framing.ts';
import type { ClientOptions } from './http-client.ts';
import { between, pick, type Random } from './random.ts';
import { payload, protobufEncoder } from './test-event.ts';

export interface KafkaClientOptions extends ClientOptions {
  /** The registry's id of the event's schema version. */
  readonly schemaVersionId: string;
  readonly partitions: number;
  readonly connect: (brokers: string) => Promise<RecordProducer>;
}

/** One client library. It tries each send once, so that no record is stored twice by its own repetition. */
export interface RecordProducer {
  /** @returns the offset of the first. @throws when it was not acknowledged. */
  send(topic: string, partition: number, records: readonly RawRecord[]): Promise<number>;
  close(): Promise<void>;
}

export interface RawRecord {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const BATCH_MAX = 40;
const PAUSE_MS = { min: 100, max: 400 };
const INVALID_SHARE = 0.05;
const REQUEST_MS_MAX = 5000;

/** Sends until the signal. After a failure it connects anew: the broker may be at another port. */
export async function sendToKafka(options: KafkaClientOptions): Promise<void> {
  const { random, host, signal, connect } = options;
  const sendBatch = batchSender(options);
  let producer: RecordProducer | undefined;
  while (!signal.aborted) {
    try {
      const brokers = host.places?.kafkaBrokers;
      if (brokers !== undefined) {
        producer ??= await connect(brokers);
        await sendBatch(producer);
      }
    } catch {
      void producer?.close().catch(() => {});
      producer = undefined;
    }
    await sleep(between(random, PAUSE_MS.min, PAUSE_MS.max));
  }
  await producer?.close().catch(() => {});
}

function batchSender({ name, event, random, book, schemaVersionId, partitions }: KafkaClientOptions) {
  const encode = protobufEncoder(event);
  const header = glueHeader(schemaVersionId);
  let sent = 0;
  return async (producer: RecordProducer): Promise<void> => {
    const partition = between(random, 0, partitions - 1);
    const batch = Array.from({ length: between(random, 1, BATCH_MAX) }, () => {
      const id = `${name}-${sent++}`;
      const value = Buffer.concat([header, encode(payload(event, id, sent))]);
      const fate = random() < INVALID_SHARE ? ('dead letter' as const) : ('row' as const);
      const headers = { ce_id: id, ce_type: event, ce_source: '/chaos/kafka', ce_specversion: '1.0' };
      return { id, fate, record: { value: fate === 'row' ? value : spoil(random, value), headers } };
    });
    let first: number;
    try {
      first = await producer.send(
        event,
        partition,
        batch.map(({ record }) => record),
      );
    } catch (error) {
      book.unanswered += batch.length;
      throw error;
    }
    for (const [index, { id, fate }] of batch.entries()) {
      book.acknowledged.push({ event, id, partition, offset: first + index, fate });
    }
  };
}

/** A value that cannot become a row. */
function spoil(random: Random, value: Buffer): Buffer {
  return pick(random, [
    () => Buffer.from('no schema wrote this'),
    () => Buffer.concat([glueHeader(randomUUID()), value.subarray(18)]),
    () => value.subarray(0, value.length - 1),
    () => value.subarray(0, 10),
  ])();
}

export async function kafkajsProducer(brokers: string): Promise<RecordProducer> {
  const kafka = new Kafka({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: REQUEST_MS_MAX,
    retry: { retries: 0 },
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    async send(topic, partition, records) {
      const timestamp = String(Date.now());
      const messages: Message[] = records.map(({ value, headers }) => ({
        value,
        headers: { ...headers },
        partition,
        timestamp,
      }));
      const [answer] = await producer.send({ topic, messages, acks: -1 });
      return offset(answer?.baseOffset);
    },
    close: () => producer.disconnect(),
  };
}

export async function platformaticProducer(brokers: string): Promise<RecordProducer> {
  const producer = new PlatformaticProducer({
    clientId: 'chaos',
    bootstrapBrokers: brokers.split(','),
    retries: 0,
    requestTimeout: REQUEST_MS_MAX,
  });
  return {
    async send(topic, partition, records) {
      const messages = records.map(({ value, headers }) => ({
        topic,
        partition,
        value,
        headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      }));
      const { offsets } = await producer.send({ messages, acks: -1 });
      return offset(offsets?.[0]?.offset);
    },
    close: () => producer.close(true),
  };
}

function offset(base: string | bigint | undefined): number {
  if (base === undefined || BigInt(base) < 0n) throw new Error('The broker gave no offset');
  return Number(base);
}
