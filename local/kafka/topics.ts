/** The topics of the broker: which exist, their settings, and their open logs. */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaError } from '../../pipeline/kafka/error-code.ts';
import { HostError } from '../host-error.ts';
import { PartitionLog } from './log/partition-log.ts';
import { Journal } from './storage/journal.ts';
import { openAll } from './storage/open-all.ts';
import { checkConfigs, logSettings, type TopicConfig } from './topic-config.ts';

/** An existing topic. */
export interface Topic {
  readonly name: string;
  readonly id: string;
  readonly config: TopicConfig;
  /** By partition number. */
  readonly logs: readonly PartitionLog[];
}

interface WholeTopic {
  readonly topic: string;
  readonly id: string;
  readonly partitions: number;
  readonly config: TopicConfig;
}

/** A line of `topics.journal`: the whole of a topic, or its end. */
type TopicEntry = WholeTopic | { readonly deleted: string };

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
    const journalPath = join(directory, 'topics.journal');
    checkWhole(directory, journalPath);
    const known = new Map<string, WholeTopic>();
    const deleted: WholeTopic[] = [];
    this.#journal = new Journal<TopicEntry>(journalPath, {
      replay: (entry) => {
        if (!('deleted' in entry)) known.set(entry.topic, entry);
        else {
          const topic = known.get(entry.deleted);
          if (topic !== undefined) deleted.push(topic);
          known.delete(entry.deleted);
        }
      },
      snapshot: () => [...this.#byName.values()].map(toEntry),
    });
    this.#openKnown(known.values());
    // What a crash left of a topic that was being deleted. Nothing else: what the journal does not know may be data.
    for (const { topic: name, id } of deleted) rmSync(this.#folder({ name, id }), { recursive: true, force: true });
  }

  get all(): Iterable<Topic> {
    return this.#byName.values();
  }

  /** Names and ids, as requests tell them. */
  refs(): readonly { readonly topic: string; readonly topicId: string }[] {
    return [...this.#byName.values()].map(({ name, id }) => ({ topic: name, topicId: id }));
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
    checkName(name);
    if (this.#byName.has(name)) throw new KafkaError('topicAlreadyExists', `Topic '${name}' already exists.`);
    // Kafka's metrics have an underscore for a dot, and would count both as one.
    const twin = [...this.#byName.keys()].find((other) => other.replaceAll('.', '_') === name.replaceAll('.', '_'));
    if (twin !== undefined) {
      throw new KafkaError('invalidTopicException', `Topic '${name}' collides with existing topic: ${twin}`);
    }
    if (partitions < 1 || partitions > partitionsMax) {
      throw new KafkaError('invalidPartitions', `Number of partitions was set to an invalid value: ${partitions}.`);
    }
    checkConfigs(config);
  }

  /** @throws KafkaError as `checkNew`, and when the disk cannot have the topic. */
  create(name: string, partitions: number, config: TopicConfig): Topic {
    this.checkNew(name, partitions, config);
    return this.#addLogs({ name, id: randomUUID(), config, logs: [] }, partitions);
  }

  delete(topic: Topic): void {
    this.#journal.append({ deleted: topic.name });
    this.#byName.delete(topic.name);
    for (const log of topic.logs) log.delete();
    rmSync(this.#folder(topic), { recursive: true, force: true });
  }

  /** Adds partitions until there are `partitions` of them. @throws KafkaError when the disk cannot have them. */
  grow(topic: Topic, partitions: number): void {
    this.#addLogs(topic, partitions);
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

  /** @throws HostError when a file cannot be opened; none is open then. */
  #openKnown(known: Iterable<WholeTopic>): void {
    try {
      for (const { topic: name, id, partitions, config } of known) {
        const logs = openAll(range(0, partitions), (at) => this.#openLog({ name, id, config }, at));
        this.#byName.set(name, { name, id, config, logs });
      }
    } catch (error) {
      this.close();
      if (!(error instanceof Error && 'code' in error)) throw error;
      throw new HostError(`Cannot open the topics in "${this.#directory}": ${error.message}`);
    }
  }

  /**
   * Opens partitions until the topic has `count`, all or none. The journal comes last, so that it never holds what the
   * next start could not open; a crash just before it leaves empty files that belong to no topic.
   */
  #addLogs(topic: Topic, count: number): Topic {
    const added = range(topic.logs.length, count);
    let opened: readonly PartitionLog[] = [];
    try {
      opened = openAll(added, (at) => this.#openLog(topic, at));
      const grown = { ...topic, logs: [...topic.logs, ...opened] };
      this.#journal.append(toEntry(grown));
      this.#byName.set(topic.name, grown);
      return grown;
    } catch (error) {
      for (const log of opened) log.close();
      const folder = this.#folder(topic);
      const made = topic.logs.length === 0 ? [folder] : added.map((at) => join(folder, String(at)));
      for (const one of made) rmSync(one, { recursive: true, force: true });
      throw new KafkaError('kafkaStorageError', `Cannot add partitions to "${topic.name}": ${String(error)}`);
    }
  }

  #openLog(topic: Omit<Topic, 'logs'>, partition: number): PartitionLog {
    return new PartitionLog(join(this.#folder(topic), String(partition)), logSettings(topic.config), this.#now);
  }

  /** With the id in the path, a topic created anew never finds what a crash left of its predecessor. */
  #folder({ name, id }: Pick<Topic, 'name' | 'id'>): string {
    // A file name has at most 255 bytes, so that a long topic name is cut; the id alone is unique.
    return join(this.#directory, 'topics', `${name.slice(0, 200)}-${id}`);
  }
}

/** @throws HostError for topics without their journal, whose files would belong to none. */
function checkWhole(directory: string, journalPath: string): void {
  const root = join(directory, 'topics');
  mkdirSync(root, { recursive: true });
  if (existsSync(journalPath) || readdirSync(root).length === 0) return;
  throw new HostError(
    `Cannot use "${directory}": it has topics but no topics.journal, restore that file or choose another directory`,
  );
}

/** @throws KafkaError `invalidTopicException` for what no topic can be called. */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9._-]+$/.test(name) || name === '.' || name === '..' || name.length > nameBytesMax) {
    throw new KafkaError('invalidTopicException', `Cannot use "${name}": a name is 1 to 249 of a-z A-Z 0-9 . _ -`);
  }
}

function toEntry({ name, id, config, logs }: Topic) {
  return { topic: name, id, partitions: logs.length, config };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
