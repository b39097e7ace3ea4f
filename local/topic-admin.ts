/** Kafka topics as templates declare them. */

import { type Admin, type ConfigResourceTypes, Kafka } from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../pipeline/adapters/kafka-connection.ts';
import { REGION } from './aws/account.ts';
import { HostError } from './host-error.ts';

export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** About a second: a person waits for the answer that the brokers' address is wrong. */
const RETRIES_MAX = 2;
/** kafkajs exports this enum in a way that ES modules do not see. */
const TOPIC_RESOURCE: ConfigResourceTypes.TOPIC = 2;

/** Creates topics on the host's Kafka. */
export class TopicAdmin {
  readonly #admin: Admin;
  readonly #brokers: string;

  constructor(connection: KafkaConnection) {
    this.#brokers = connection.brokers;
    const kafka = new Kafka({
      clientId: 'headrace-host',
      ...kafkaConfig(connection, REGION),
      retry: { retries: RETRIES_MAX },
    });
    this.#admin = kafka.admin();
  }

  /** @throws HostError when no broker answers, or it refuses the login or we its certificate. */
  async connect(): Promise<void> {
    try {
      await this.#admin.connect();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const wanted = 'give host:port of brokers that run and the client properties that they want';
      throw new HostError(`Cannot reach Kafka at "${this.#brokers}": ${reason}, ${wanted}`);
    }
  }

  close(): Promise<void> {
    return this.#admin.disconnect();
  }

  /** Idempotent. A cluster with fewer brokers than the replication factor gets as many replicas as it can hold. */
  async ensure({ name, partitions, replicationFactor, configs }: TopicDeclaration): Promise<void> {
    const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const { brokers } = await this.#admin.describeCluster();
    const created = await this.#admin.createTopics({
      topics: [
        {
          topic: name,
          numPartitions: partitions,
          replicationFactor: Math.min(replicationFactor, brokers.length),
          configEntries,
        },
      ],
    });
    if (created) return;
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
    if ((topics[0]?.partitions.length ?? 0) < partitions) {
      await this.#admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    }
    const resource = { type: TOPIC_RESOURCE, name, configEntries };
    await this.#admin.alterConfigs({ validateOnly: false, resources: [resource] });
  }
}
