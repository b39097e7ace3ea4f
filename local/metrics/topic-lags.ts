/** The records that consumer groups have not read, as MSK tells it of its clusters. */
import { type Admin, Kafka } from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../../pipeline/adapters/kafka-connection.ts';

/** About a second: whoever scrapes asks again by itself. kafkajs needs one retry to find a group's coordinator. */
const RETRIES_MAX = 2;

/** A group that reads one topic. */
export interface TopicConsumer {
  readonly topic: string;
  readonly groupId: string;
  /** Where a partition is read from of which the group has committed nothing; else it is read from its end. */
  readonly fromBeginning: boolean;
}

export interface TopicLag {
  readonly topic: string;
  readonly records: number;
}

/**
 * Asks Kafka, which knows of records that the host has not fetched yet, as when a function fails and its batches wait.
 * A topic that cannot be asked about is left out.
 */
export async function topicLags(kafka: KafkaConnection, consumers: readonly TopicConsumer[]): Promise<TopicLag[]> {
  if (consumers.length === 0) return [];
  const config = { clientId: 'headrace-host', ...kafkaConfig(kafka), retry: { retries: RETRIES_MAX } };
  const admin = new Kafka(config).admin();
  const lags: TopicLag[] = [];
  try {
    await admin.connect();
    // One after the other: a topic that does not exist spoils kafkajs's questions about others at the same time.
    for (const consumer of consumers) {
      const records = await lagRecords(admin, consumer).catch(() => undefined);
      if (records !== undefined) lags.push({ topic: consumer.topic, records });
    }
  } catch {
    // No broker answers.
  } finally {
    await admin.disconnect();
  }
  return lags;
}

async function lagRecords(admin: Admin, { topic, groupId, fromBeginning }: TopicConsumer): Promise<number> {
  // In this order: a record that is written and read in between counts as waiting, and no number is below 0.
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  const partitions = await admin.fetchTopicOffsets(topic);
  const records = partitions.map(({ partition, low, high }) => {
    const next = committed.get(partition) ?? -1n;
    const start = next >= 0n ? next : BigInt(fromBeginning ? low : high);
    return BigInt(high) - start;
  });
  return Number(records.reduce((sum, one) => sum + one, 0n));
}
