/** A Lambda event source mapping on a Kafka topic. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, type EachBatchPayload, Kafka } from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../../pipeline/adapters/kafka-connection.ts';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import { type BufferedRecord, KafkaBatchBuffer } from './kafka-batch-buffer.ts';
import { kafkaRecordJson } from './kafka-record.ts';

export interface KafkaEventSourceOptions {
  readonly kafka: KafkaConnection;
  readonly topic: string;
  readonly groupId: string;
  readonly fromBeginning: boolean;
  readonly clusterArn: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly function: LambdaFunction;
  readonly log: (line: string) => void;
}

/** Lambda's limit of an event, 6 MB of JSON. */
const EVENT_BYTES_MAX = 6 * 1024 * 1024;
/** Room for the event around its records, and for the names of its topic-partitions. */
const ENVELOPE_BYTES_MAX = 16 * 1024;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 10_000;
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 2000;
const FETCH_WAIT_MS = 500;
/** One slow partition must not keep the others from the batch. */
const PARTITIONS_AT_ONCE = 32;

/**
 * Consumes one topic as one member of the mapping's group and invokes the function with one batch at a time, so records of
 * a partition stay in order. A batch that fails is retried for ever; offsets are committed after success: at least once.
 */
export class KafkaEventSource {
  readonly #options: KafkaEventSourceOptions;
  readonly #kafka: Kafka;
  readonly #buffer: KafkaBatchBuffer;
  readonly #abort = new AbortController();
  #consumer: Consumer;
  #restarting: Promise<void> = Promise.resolve();
  /** Before the next restart; records that arrive make it short again. */
  #pauseMs = RETRY_MS_MIN;
  #delivering: Promise<void> = Promise.resolve();

  constructor(options: KafkaEventSourceOptions) {
    this.#options = options;
    this.#buffer = new KafkaBatchBuffer({
      recordsMax: options.batchSize,
      bytesMax: EVENT_BYTES_MAX - ENVELOPE_BYTES_MAX,
      windowMs: options.windowMs,
    });
    this.#kafka = new Kafka({
      clientId: `lambda-${options.function.definition.name}`,
      ...kafkaConfig(options.kafka),
    });
    this.#consumer = this.#newConsumer();
  }

  async start(): Promise<void> {
    await this.#consume();
    this.#delivering = this.#deliverAll();
  }

  /** Leaves the group. The batch that runs is not waited for: without its commit it comes again. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#buffer.close();
    await this.#restarting;
    await this.#consumer.disconnect();
    await this.#delivering;
  }

  #newConsumer(): Consumer {
    const { groupId, topic, log } = this.#options;
    const consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      retry: { initialRetryTime: RETRY_MS_MIN, maxRetryTime: RETRY_MS_MAX, restartOnFailure: async () => true },
    });
    consumer.on(consumer.events.GROUP_JOIN, () => this.#buffer.clear());
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      log(`Kafka consumer of ${topic}: ${payload.error.message}, it starts again`);
      // kafkajs starts its consumer again after some errors only, whatever `restartOnFailure` says.
      if (!payload.restart) this.#restarting = this.#restart();
    });
    return consumer;
  }

  async #consume(): Promise<void> {
    const { topic, fromBeginning } = this.#options;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic, fromBeginning });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => this.#read(payload),
    });
  }

  /** Tries with new consumers until one runs or the mapping stops. */
  async #restart(): Promise<void> {
    for (;;) {
      await sleep(this.#pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {});
      if (this.#abort.signal.aborted) return;
      this.#pauseMs = Math.min(this.#pauseMs * 2, RETRY_MS_MAX);
      this.#consumer = this.#newConsumer();
      try {
        return await this.#consume();
      } catch (error) {
        this.#options.log(`Kafka consumer of ${this.#options.topic}: ${String(error)}, it starts again`);
        // What it still holds ends with its connections.
        await this.#consumer.disconnect().catch(() => {});
      }
    }
  }

  async #read({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    this.#pauseMs = RETRY_MS_MIN;
    for (const message of batch.messages) {
      while (this.#buffer.isFull && isRunning() && !isStale() && !this.#abort.signal.aborted) {
        await this.#buffer.roomOrTimeout(HEARTBEAT_MS);
        await heartbeat();
      }
      if (!isRunning() || isStale() || this.#abort.signal.aborted) return;
      const json = kafkaRecordJson(batch.topic, batch.partition, message);
      this.#buffer.add({ partition: batch.partition, offset: BigInt(message.offset), json });
      resolveOffset(message.offset);
    }
    await heartbeat();
  }

  async #deliverAll(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const batch = await this.#buffer.take();
      if (batch.length > 0 && (await this.#deliver(batch))) await this.#commit(batch);
    }
  }

  /** @returns false when the mapping stops before the batch succeeded. */
  async #deliver(batch: readonly BufferedRecord[]): Promise<boolean> {
    const event = this.#event(batch);
    for (let waitMs = RETRY_MS_MIN; !this.#abort.signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      const result = await this.#options.function.invoke(event);
      if (result.ok) return true;
      await sleep(waitMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    }
    return false;
  }

  #event(batch: readonly BufferedRecord[]): Buffer {
    const { topic, clusterArn, kafka } = this.#options;
    const groups = new Map<number, string[]>();
    for (const { partition, json } of batch) {
      const group = groups.get(partition);
      if (group === undefined) groups.set(partition, [json]);
      else group.push(json);
    }
    const records = [...groups].map(([partition, list]) => `"${topic}-${partition}":[${list.join(',')}]`);
    return Buffer.from(
      `{"eventSource":"aws:kafka","eventSourceArn":"${clusterArn}","bootstrapServers":"${kafka.brokers}",` +
        `"records":{${records.join(',')}}}`,
    );
  }

  async #commit(batch: readonly BufferedRecord[]): Promise<void> {
    const { topic, log } = this.#options;
    const next = new Map(batch.map(({ partition, offset }) => [partition, offset + 1n]));
    const offsets = [...next].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }));
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      // The group was assigned anew or the broker is away: the records come again, which at-least-once allows.
      if (!this.#abort.signal.aborted)
        log(`Cannot commit the offsets of ${topic}: ${String(error)}, its records come again`);
    }
  }
}
