/** Kafka topics as templates declare them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type ConfigResourceTypes, type ConfigSource, Kafka } from 'kafkajs';
import { type KafkaConnection, kafkaConfig } from '../pipeline/adapters/kafka-connection.ts';
import { HostError } from './host-error.ts';

export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** About a second: a person waits for the answer that the brokers' address is wrong. */
const RETRIES_MAX = 2;
/** Five seconds. */
const KNOWN_TRIES_MAX = 50;
const KNOWN_PAUSE_MS = 100;
/** kafkajs exports these enums in a way that ES modules do not see. */
const TOPIC_RESOURCE: ConfigResourceTypes.TOPIC = 2;
const SET_ON_TOPIC: ConfigSource.TOPIC_CONFIG = 1;

/** Creates topics on the host's Kafka. */
export class TopicAdmin {
  readonly #admin: Admin;
  readonly #brokers: string;

  constructor(connection: KafkaConnection) {
    this.#brokers = connection.brokers;
    const kafka = new Kafka({
      clientId: 'headrace-host',
      ...kafkaConfig(connection),
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

  /** What Kafka calls the cluster since it was formatted; empty where it has no name. */
  async clusterId(): Promise<string> {
    const { clusterId } = (await this.#admin.describeCluster()) as { clusterId: string | null };
    return clusterId ?? '';
  }

  /**
   * Idempotent, and leaves other settings of the topic as they are. A cluster with fewer brokers than the replication
   * factor gets as many replicas as it can hold.
   */
  async ensure({ name, partitions, replicationFactor, configs }: TopicDeclaration): Promise<void> {
    const configEntries = toEntries(configs);
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
      waitForLeaders: false,
    });
    if (created) return this.#untilKnown(name);
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [name] });
    if ((topics[0]?.partitions.length ?? 0) < partitions) {
      await this.#admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    }
    await this.#configure(name, configs);
  }

  /** A broker may hear of a new topic only after the controller has made it, which kafkajs's own wait does not bear. */
  async #untilKnown(name: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#admin.fetchTopicMetadata({ topics: [name] });
        return;
      } catch (error) {
        if (tries === KNOWN_TRIES_MAX) throw error;
        await sleep(KNOWN_PAUSE_MS);
      }
    }
  }

  /** kafkajs cannot alter single settings: what is not given falls back to its default, so all are given. */
  async #configure(name: string, declared: TopicDeclaration['configs']): Promise<void> {
    const resource = { type: TOPIC_RESOURCE, name };
    const { resources } = await this.#admin.describeConfigs({ resources: [resource], includeSynonyms: false });
    const current = resources[0]?.configEntries ?? [];
    const values = new Map(current.map(({ configName, configValue }) => [configName, configValue]));
    if (Object.entries(declared).every(([key, value]) => values.get(key) === value)) return;
    const own = current.filter(({ configSource }) => configSource === SET_ON_TOPIC);
    const wanted = { ...Object.fromEntries(own.map((entry) => [entry.configName, entry.configValue])), ...declared };
    const changed = { ...resource, configEntries: toEntries(wanted) };
    await this.#admin.alterConfigs({ validateOnly: false, resources: [changed] });
  }
}

const toEntries = (configs: TopicDeclaration['configs']) =>
  Object.entries(configs).map(([name, value]) => ({ name, value }));
