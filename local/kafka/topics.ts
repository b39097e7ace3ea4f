/** The topics of the broker: which exist, their settings, and their open logs. */

import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaError } from '../../pipeline/kafka/error-code.ts';
import { PartitionLog } from './log/partition-log.ts';
import { Journal } from './storage/journal.ts';
import { checkConfig, logSettings, type TopicConfig } from './topic-config.ts';

/** An existing topic. */
export interface Topic {
  readonly name: string;
  readonly id: string;
  readonly config: TopicConfig;
  /** By partition number. */
  readonly logs: readonly PartitionLog[];
}

/** A line of `topics.journal`: the whole of a topic, or its end. */
type TopicEntry =
  | { readonly topic: string; readonly id: string; readonly partitions: number; readonly config: TopicConfig }
  | { readonly deleted: string };

const nameBytesMax = 249;
/** More would only exhaust file descriptors: each partition holds two for each segment. */
const partitionsMax = 10_000;

/** All topics. What a call has returned survives `kill -9`. */
export class Topics {
  readonly #directory: string;
  readonly #now: () => number;
  readonly #byName = new Map<string, Topic>();
  readonly #journal: Journal<TopicEntry>;

  constructor(directory: string, now: () => number) {
    this.#directory = directory;
    this.#now = now;
    const known = new Map<string, Exclude<TopicEntry, { deleted: string }>>();
    this.#journal = new Journal<TopicEntry>(join(directory, 'topics.journal'), {
      replay: (entry) => {
        if ('deleted' in entry) known.delete(entry.deleted);
        else known.set(entry.topic, entry);
      },
      snapshot: () => [...this.#byName.values()].map(toEntry),
    });
    for (const { topic, id, partitions, config } of known.values()) this.#open(topic, id, partitions, config);
    this.#removeLeftovers();
  }

  get all(): Iterable<Topic> {
    return this.#byName.values();
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  findById(id: string): Topic | undefined {
    return [...this.#byName.values()].find((topic) => topic.id === id);
  }

  /** @throws KafkaError `unknownTopicOrPartition` when there is none. */
  log(name: string, partition: number): PartitionLog {
    const log = this.#byName.get(name)?.logs[partition];
    if (log === undefined) {
      throw new KafkaError('unknownTopicOrPartition', `Cannot find "${name}-${partition}": no such topic or partition`);
    }
    return log;
  }

  /** @throws KafkaError for a name, a number or a setting that Kafka refuses. */
  checkNew(name: string, partitions: number, config: TopicConfig): void {
    if (!/^[a-zA-Z0-9._-]+$/.test(name) || name === '.' || name === '..' || name.length > nameBytesMax) {
      throw new KafkaError('invalidTopicException', `Cannot create "${name}": a name is 1 to 249 of a-z A-Z 0-9 . _ -`);
    }
    if (this.#byName.has(name)) throw new KafkaError('topicAlreadyExists', `Topic '${name}' already exists.`);
    if (partitions < 1 || partitions > partitionsMax) {
      throw new KafkaError('invalidPartitions', `Number of partitions was set to an invalid value: ${partitions}.`);
    }
    for (const [key, value] of Object.entries(config)) checkConfig(key, value);
  }

  /** @throws KafkaError as `checkNew`. */
  create(name: string, partitions: number, config: TopicConfig): Topic {
    this.checkNew(name, partitions, config);
    const id = randomUUID();
    this.#journal.append({ topic: name, id, partitions, config });
    return this.#open(name, id, partitions, config);
  }

  delete(topic: Topic): void {
    this.#journal.append({ deleted: topic.name });
    this.#byName.delete(topic.name);
    for (const log of topic.logs) log.delete();
  }

  /** Adds partitions until there are `partitions` of them. */
  grow(topic: Topic, partitions: number): void {
    this.#journal.append({ ...toEntry(topic), partitions });
    const added = range(topic.logs.length, partitions).map((at) => this.#openLog(topic, at));
    this.#byName.set(topic.name, { ...topic, logs: [...topic.logs, ...added] });
  }

  /** Replaces the topic's settings. */
  configure(topic: Topic, config: TopicConfig): void {
    this.#journal.append({ ...toEntry(topic), config });
    this.#byName.set(topic.name, { ...topic, config });
    for (const log of topic.logs) log.configure(logSettings(config));
  }

  close(): void {
    for (const { logs } of this.#byName.values()) for (const log of logs) log.close();
    this.#journal.close();
  }

  /** A crash while a topic was deleted leaves files that belong to none. */
  #removeLeftovers(): void {
    const root = join(this.#directory, 'topics');
    mkdirSync(root, { recursive: true });
    const known = new Set([...this.#byName.values()].map(({ name, id }) => topicFolder(name, id)));
    for (const folder of readdirSync(root)) if (!known.has(folder)) rmSync(join(root, folder), { recursive: true });
  }

  #open(name: string, id: string, partitions: number, config: TopicConfig): Topic {
    const logs = range(0, partitions).map((at) => this.#openLog({ name, id, config }, at));
    const topic = { name, id, config, logs };
    this.#byName.set(name, topic);
    return topic;
  }

  #openLog({ name, id, config }: Omit<Topic, 'logs'>, partition: number): PartitionLog {
    // With the id in the path, a topic created anew never finds what a crash left of its predecessor.
    const folder = join(this.#directory, 'topics', topicFolder(name, id), String(partition));
    return new PartitionLog(folder, logSettings(config), this.#now);
  }
}

/** A file name has at most 255 bytes, so that a long topic name is cut; the id alone is unique. */
function topicFolder(name: string, id: string): string {
  return `${name.slice(0, 200)}-${id}`;
}

function toEntry({ name, id, config, logs }: Topic) {
  return { topic: name, id, partitions: logs.length, config };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
