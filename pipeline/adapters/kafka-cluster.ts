/** The brokers of a Kafka cluster, and which of them leads a topic's partitions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../errors.ts';
import type { Api } from '../kafka/api.ts';
import { errorCode, errorName } from '../kafka/error-code.ts';
import { metadata } from '../kafka/topic-apis.ts';
import type { ReadOf, WireType, WriteOf } from '../kafka/wire-type.ts';
import type { BrokerAddress, KafkaAccess } from './kafka-connection.ts';
import { KafkaSocket } from './kafka-socket.ts';

/** By partition; undefined for one that has no leader at the moment. */
export type Leaders = ReadonlyMap<number, BrokerAddress | undefined>;

/** Spoken by Kafka from 1.0 to 4.x. */
const METADATA_VERSION = 5;
const PAUSE_MS = { first: 100, max: 2_000 } as const;
/** Waiting changes nothing about these. */
const FINAL_CODES: readonly number[] = [
  errorCode.invalidTopicException,
  errorCode.topicAuthorizationFailed,
  errorCode.clusterAuthorizationFailed,
  errorCode.unsupportedVersion,
  errorCode.invalidRequest,
];

const OUT_OF_TIME = new Error('no broker answered');

/** An answer that is an error. */
export class KafkaAnswerError extends Error {
  override readonly name = 'KafkaAnswerError';
  readonly code: number;

  constructor(code: number) {
    super(`Kafka answered ${errorName(code)}`);
    this.code = code;
  }
}

/** One connection for each broker, opened when it is needed, and again when it broke. */
export class KafkaCluster {
  readonly #access: KafkaAccess;
  readonly #patienceMs: number;
  readonly #sockets = new Map<string, Promise<KafkaSocket>>();
  readonly #leaders = new Map<string, Leaders>();
  /** Which of the given brokers is asked for metadata. */
  #asked = 0;
  #isClosed = false;

  constructor(access: KafkaAccess, patienceMs: number) {
    this.#access = access;
    this.#patienceMs = patienceMs;
  }

  /** As Kafka told last, unless a call about the topic has failed since. @throws Error as `findLeaders`. */
  async leaders(topic: string): Promise<Leaders> {
    return this.#leaders.get(topic) ?? this.findLeaders(topic);
  }

  /** Asks Kafka: partitions may have come. @throws Error when it does not know the topic. */
  async findLeaders(topic: string): Promise<Leaders> {
    const { brokers: given } = this.#access;
    const broker = given[this.#asked % given.length] as BrokerAddress;
    const request = { topics: [{ topic }], allowAutoTopicCreation: false };
    const answer = await this.call(broker, metadata, METADATA_VERSION, request).catch((error) => {
      this.#asked += 1;
      throw error;
    });
    const code = answer.topics[0]?.errorCode ?? errorCode.unknownTopicOrPartition;
    if (code === errorCode.unknownTopicOrPartition) throw new Error('Kafka knows no such topic');
    if (code !== errorCode.none) throw new KafkaAnswerError(code);
    const brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const partitions = answer.topics[0]?.partitions ?? [];
    const leaders = new Map(partitions.map(({ partition, leaderId }) => [partition, brokers.get(leaderId)]));
    this.#leaders.set(topic, leaders);
    return leaders;
  }

  /** Whatever goes wrong ends the connection; the next call has a new one. */
  async call<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>>(
    broker: BrokerAddress,
    api: Api<Request, Response>,
    version: number,
    request: WriteOf<Request>,
  ): Promise<ReadOf<Response>> {
    if (this.#isClosed) {
      throw new PipelineError('UNAVAILABLE', 'Cannot read from Kafka: the reader is closed', { retryable: false });
    }
    const name = `${broker.host}:${broker.port}`;
    const socket = this.#sockets.get(name) ?? KafkaSocket.connect(broker, this.#access);
    this.#sockets.set(name, socket);
    try {
      return await (await socket).call(api, version, request);
    } catch (error) {
      if (this.#sockets.get(name) === socket) this.#sockets.delete(name);
      closeWhenOpen(socket);
      throw error;
    }
  }

  /**
   * Repeats an action about a topic, with fresh metadata, until it succeeds.
   * @throws PipelineError `UNAVAILABLE` after the cluster's patience, or at once when waiting changes nothing.
   */
  async persist<T>(topic: string, action: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#patienceMs;
    let cause: unknown = OUT_OF_TIME;
    for (let pauseMs: number = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.max)) {
      try {
        return await before(until, action());
      } catch (error) {
        if (error instanceof PipelineError) throw error;
        this.#leaders.delete(topic);
        if (error !== OUT_OF_TIME) cause = error;
        const isFinal = error instanceof KafkaAnswerError && FINAL_CODES.includes(error.code);
        if (isFinal || performance.now() + pauseMs >= until) {
          const time = isFinal ? '' : ` for ${this.#patienceMs / 1000} seconds`;
          const reason = cause instanceof Error ? cause.message : String(cause);
          const message = `Cannot read the topic "${topic}"${time}: ${reason}`;
          throw new PipelineError('UNAVAILABLE', message, { retryable: !isFinal, cause });
        }
      }
      await sleep(pauseMs);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) closeWhenOpen(socket);
    this.#sockets.clear();
  }
}

function closeWhenOpen(socket: Promise<KafkaSocket>): void {
  socket.then((open) => open.close()).catch(() => undefined);
}

function before<T>(until: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(OUT_OF_TIME), until - performance.now());
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
