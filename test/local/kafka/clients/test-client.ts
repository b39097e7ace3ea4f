/** What the conformance suite wants of a Kafka client; each library has its adapter. */

/** A record to write. */
export interface TestRecord {
  readonly key?: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp?: number;
  readonly partition?: number;
}

/** A record as read. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

/** A transaction that is open. */
export interface TestTransaction {
  send(topic: string, records: readonly TestRecord[]): Promise<void>;
  /** Commits, with the transaction, that the group has read up to the consumer's last record. */
  sendOffsets(consumer: TestConsumer): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** A member of a group that reads one topic from the beginning or where the group is. */
export interface TestConsumer {
  readonly group: string;
  readonly topic: string;
  /** Everything read so far. */
  readonly records: readonly ReadRecord[];
  /** The partitions it has now. */
  partitions(): readonly number[];
  /** Leaves the group; a consumer that commits has then committed all it has read. */
  leave(): Promise<void>;
}

/** One library. */
export interface TestClient {
  readonly createTopic: (topic: string, partitions: number, config?: Readonly<Record<string, string>>) => Promise<void>;
  readonly deleteTopic: (topic: string) => Promise<void>;
  readonly listTopics: () => Promise<readonly string[]>;
  readonly growTopic: (topic: string, partitions: number) => Promise<void>;
  readonly topicConfig: (topic: string, name: string) => Promise<string | null | undefined>;
  readonly alterTopicConfig: (topic: string, name: string, value: string) => Promise<void>;
  readonly deleteRecords: (topic: string, partition: number, offset: number) => Promise<void>;
  /** Low and high watermark of a partition. */
  readonly watermarks: (topic: string, partition: number) => Promise<readonly [number, number]>;
  /** The offset of the first record at or after a time; the high watermark or -1 when there is none. */
  readonly offsetAt: (topic: string, partition: number, timestamp: number) => Promise<number>;
  readonly committedOffset: (group: string, topic: string, partition: number) => Promise<number>;
  readonly groupState: (group: string) => Promise<string>;
  readonly deleteGroup: (group: string) => Promise<void>;
  readonly send: (topic: string, records: readonly TestRecord[], options?: SendOptions) => Promise<void>;
  /** A transactional producer's next transaction; `transactionalId` names the producer. */
  readonly begin: (transactionalId: string) => Promise<TestTransaction>;
  readonly consume: (group: string, topic: string, options?: ConsumeOptions) => Promise<TestConsumer>;
  readonly close: () => Promise<void>;
}

export interface SendOptions {
  readonly gzip?: boolean;
  readonly idempotent?: boolean;
}

export interface ConsumeOptions {
  /** @default true */
  readonly committedOnly?: boolean;
  /** Whether it commits what it has read. @default true */
  readonly commits?: boolean;
}
