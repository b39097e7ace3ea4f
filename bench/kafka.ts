/**
 * `node bench/kafka.ts [megabytes]`: messages a second in and out of the embedded broker, its start and its memory, and
 * the same for Apache Kafka where Java and Maven are present. 1 KB messages in batches of 500, acks=all, one topic of
 * four partitions, broker and client in two processes on loopback. 300 MB for each line by default.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Consumer, Producer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaTopicReader } from '../pipeline/adapters/kafka-topic-reader.ts';
import type { PartitionOffsets } from '../pipeline/ports.ts';
import { missingForApacheKafka, startApacheKafka } from '../test/local/kafka/apache-kafka.ts';

interface Broker {
  readonly name: string;
  readonly bootstrap: string;
  readonly startMs: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const messageBytes = 1024;
const batchSize = 500;
const partitions = 4;
const megabytes = Number(process.argv[2] ?? 300);
const messages = Math.ceil((megabytes * 1024 * 1024) / messageBytes / batchSize) * batchSize;
const value = Buffer.alloc(messageBytes, 'headrace ');

async function startEmbedded(): Promise<Broker> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-kafka-'));
  const script = join(import.meta.dirname, '../test/local/kafka/broker-process.ts');
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { bootstrap, startMs } = JSON.parse(line) as { bootstrap: string; startMs: number };
  const stop = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(dir, { recursive: true });
  };
  return { name: 'embedded', bootstrap, startMs, pid: child.pid ?? 0, stop };
}

async function startApache(): Promise<Broker> {
  const kafka = await startApacheKafka();
  return { ...kafka, name: `Apache Kafka ${kafka.version}` };
}

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
  await admin.disconnect();
}

/** Runs `send` for each batch, one loop for each partition. */
async function inBatches(send: (partition: number) => Promise<unknown>): Promise<void> {
  let left = messages / batchSize;
  const loop = async (partition: number) => {
    while (left > 0) {
      left -= 1;
      await send(partition);
    }
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => loop(partition)));
}

async function produceWithKafkajs(bootstrap: string, topic: string): Promise<void> {
  const producer = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await inBatches((partition) => {
    const timestamp = String(Date.now());
    return producer.send({
      topic,
      messages: Array.from({ length: batchSize }, () => ({ value, partition, timestamp })),
    });
  });
  await producer.disconnect();
}

async function produceWithPlatformatic(bootstrap: string, topic: string): Promise<void> {
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [bootstrap] });
  await inBatches((partition) =>
    producer.send({ acks: -1, messages: Array.from({ length: batchSize }, () => ({ topic, value, partition })) }),
  );
  await producer.close();
}

async function consumeWithKafkajs(bootstrap: string, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  await new Promise<void>((resolve) => {
    void consumer.run({
      partitionsConsumedConcurrently: partitions,
      eachBatch: async ({ batch }) => {
        read += batch.messages.length;
        if (read >= messages) resolve();
      },
    });
  });
  await consumer.disconnect();
}

async function consumeWithPlatformatic(bootstrap: string, topic: string): Promise<void> {
  const consumer = new Consumer({ clientId: 'bench', groupId: `bench-${topic}-2`, bootstrapBrokers: [bootstrap] });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100 });
  let read = 0;
  for await (const _ of stream) {
    read += 1;
    if (read >= messages) break;
  }
  await consumer.close(true);
}

async function readWithTopicReader(bootstrap: string, topic: string): Promise<void> {
  const reader = kafkaTopicReader({ brokers: bootstrap, clientProperties: '' });
  const ranges = await reader.offsets(topic);
  const read = async ({ partition, low, high }: PartitionOffsets) => {
    let records = 0;
    for await (const batch of reader.read(topic, { partition, first: low, next: high })) records += batch.length;
    return records;
  };
  const counts = await Promise.all(ranges.map(read));
  if (counts.reduce((sum, count) => sum + count, 0) !== messages)
    throw new Error('Cannot measure: records are missing');
  await reader.close();
}

async function rate(work: Promise<void>, startedAt = performance.now()): Promise<number> {
  await work;
  return Math.round((messages / (performance.now() - startedAt)) * 1000);
}

/** The most memory the process has ever had, in MB; only Linux tells. */
function peakMemory(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}

async function measure(broker: Broker): Promise<Readonly<Record<string, number>>> {
  const { bootstrap, startMs, pid } = broker;
  await createTopic(bootstrap, 'kafkajs');
  await createTopic(bootstrap, 'platformatic');
  const result = {
    'start, ms': Math.round(startMs),
    'in, kafkajs': await rate(produceWithKafkajs(bootstrap, 'kafkajs')),
    'in, @platformatic/kafka': await rate(produceWithPlatformatic(bootstrap, 'platformatic')),
    'out, kafkajs': await rate(consumeWithKafkajs(bootstrap, 'kafkajs')),
    'out, @platformatic/kafka': await rate(consumeWithPlatformatic(bootstrap, 'platformatic')),
    'out, topic reader': await rate(readWithTopicReader(bootstrap, 'kafkajs')),
    'peak memory, MB': peakMemory(pid),
  };
  await broker.stop();
  return result;
}

const embedded = await measure(await startEmbedded());
const missing = missingForApacheKafka();
if (missing !== undefined) console.log(`Apache Kafka is left out: ${missing}`);
const apache = missing === undefined ? await measure(await startApache()) : undefined;
console.log(`${messages} messages of ${messageBytes} bytes in batches of ${batchSize}; rates in messages a second`);
console.table(
  Object.entries(embedded).map(([what, ours]) => {
    const theirs = apache?.[what];
    return {
      what,
      embedded: ours,
      ...(theirs === undefined ? {} : { apache: theirs, ratio: Number((ours / theirs).toFixed(2)) }),
    };
  }),
);
