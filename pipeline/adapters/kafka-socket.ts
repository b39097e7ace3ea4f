/** One connection to one Kafka broker. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PipelineError } from '../errors.ts';
import type { AnyApi, Api } from '../kafka/api.ts';
import { correlationIdOf, decodeAnswer, encodeRequest } from '../kafka/client-frame.ts';
import { errorName } from '../kafka/error-code.ts';
import { FrameAssembler } from '../kafka/frame-assembler.ts';
import { saslAuthenticate, saslHandshake } from '../kafka/session-apis.ts';
import type { ReadOf, WireType, WriteOf } from '../kafka/wire-type.ts';
import type { BrokerAddress, KafkaAccess, KafkaLogin } from './kafka-connection.ts';
import { saslSignIn } from './kafka-sasl.ts';

const CLIENT_ID = 'headrace';
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Spoken by Kafka from 1.0 to 4.x: `SaslAuthenticate` as an API, which can say why it refuses. */
const VERSIONS = { saslHandshake: 1, saslAuthenticate: 0 } as const;

interface Waiting {
  readonly settle: (frame: Buffer) => void;
  readonly fail: (error: Error) => void;
}

/**
 * An open, signed-in connection. Calls may be made before earlier ones are answered; Kafka answers in their order.
 * Every answer has memory of its own, so views of it stay valid.
 */
export class KafkaSocket {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const answers = new FrameAssembler(0);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of answers.push(chunk)) this.#waiting.get(correlationIdOf(frame))?.settle(frame);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', (error) => this.#failAll(error));
    socket.on('close', () => this.#failAll(new Error('the broker closed the connection')));
  }

  /**
   * Connects and signs in, within 5 seconds and 10 seconds for each answer.
   * @throws PipelineError `UNAVAILABLE`, not retryable, when the broker refuses the login; else Error.
   */
  static async connect(address: BrokerAddress, { tls, login }: KafkaAccess): Promise<KafkaSocket> {
    const connection = new KafkaSocket(await openSocket(address, tls));
    try {
      if (login !== undefined) await signIn(connection, login, address);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /**
   * Sends a request and waits for its answer.
   * @throws Error when there is none in 10 seconds, which ends the connection, or the connection ends.
   */
  async call<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>>(
    api: Api<Request, Response>,
    version: number,
    request: WriteOf<Request>,
  ): Promise<ReadOf<Response>> {
    return decodeAnswer(api, version, await this.#exchange(api, version, request));
  }

  close(): void {
    this.#socket.destroy();
  }

  #exchange<A extends AnyApi>(api: A, version: number, request: WriteOf<A['request']>): Promise<Buffer> {
    if (!this.isOpen) return Promise.reject(new Error('the connection is closed'));
    this.#correlationId = (this.#correlationId + 1) % 2 ** 31;
    const id = this.#correlationId;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const timeout = setTimeout(() => {
      this.#socket.destroy(new Error(`no answer to ${api.name} for ${ANSWER_TIMEOUT_MS / 1000} seconds`));
    }, ANSWER_TIMEOUT_MS);
    const done = () => {
      clearTimeout(timeout);
      this.#waiting.delete(id);
    };
    this.#waiting.set(id, {
      settle: (frame) => {
        done();
        resolve(frame);
      },
      fail: (error) => {
        done();
        reject(error);
      },
    });
    const pieces = encodeRequest(api, version, id, CLIENT_ID, request);
    const length = Buffer.alloc(4);
    length.writeInt32BE(pieces.reduce((sum, piece) => sum + piece.length, 0));
    this.#socket.write(Buffer.concat([length, ...pieces]));
    return promise;
  }

  #failAll(error: Error): void {
    for (const { fail } of [...this.#waiting.values()]) fail(error);
  }
}

async function openSocket({ host, port }: BrokerAddress, tls: KafkaAccess['tls']): Promise<Socket> {
  const options = { host, port, noDelay: true };
  const socket = tls === undefined ? connectPlain(options) : connectTls({ ...options, ...tls });
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  try {
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal });
    return socket;
  } catch (error) {
    // What a destroyed socket still says has nobody to hear it.
    socket.on('error', () => {});
    socket.destroy();
    throw signal.aborted
      ? new Error(`no connection to ${host}:${port} in ${CONNECT_TIMEOUT_MS / 1000} seconds`)
      : error;
  }
}

async function signIn(connection: KafkaSocket, login: KafkaLogin, { host, port }: BrokerAddress): Promise<void> {
  const { mechanism } = login;
  const refusal = (reason: string, cause?: unknown) => {
    const message = `Cannot sign in to Kafka at ${host}:${port} by ${mechanism}: ${reason}`;
    return new PipelineError('UNAVAILABLE', message, { retryable: false, cause });
  };
  const handshake = await connection.call(saslHandshake, VERSIONS.saslHandshake, { mechanism });
  if (handshake.errorCode !== 0) {
    throw refusal(`${errorName(handshake.errorCode)}, the broker knows ${handshake.mechanisms.join(', ')}`);
  }
  await saslSignIn(login, async (message) => {
    const authBytes = Buffer.from(message);
    const answer = await connection.call(saslAuthenticate, VERSIONS.saslAuthenticate, { authBytes });
    if (answer.errorCode !== 0) throw refusal(answer.errorMessage ?? errorName(answer.errorCode));
    return answer.authBytes;
  });
}
