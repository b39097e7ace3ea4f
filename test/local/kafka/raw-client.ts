/** A client that sends exactly the bytes it is told to: for versions, errors and frames that no real client sends. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AnyApi, Api } from '../../../pipeline/kafka/api.ts';
import { decodeAnswer, encodeRequest } from '../../../pipeline/kafka/client-frame.ts';
import { FrameAssembler } from '../../../pipeline/kafka/frame-assembler.ts';
import type { ReadOf, WireType, WriteOf } from '../../../pipeline/kafka/wire-type.ts';

/** One connection; requests may be sent before earlier ones are answered. */
export class RawClient {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<Buffer>;
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#answers = frames(socket);
  }

  static async connect(bootstrap: string): Promise<RawClient> {
    const [host = '', port = ''] = bootstrap.split(':');
    const socket = connect({ host, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Sends a request and reads its answer to the last byte. @throws Error when bytes are left over. */
  async call<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>>(
    api: Api<Request, Response>,
    version: number,
    request: WriteOf<Request>,
  ): Promise<ReadOf<Response>> {
    this.send(api, version, request);
    return decodeAnswer(api, version, await this.receive());
  }

  send(api: AnyApi, version: number, request: unknown): void {
    this.sendFrame(requestFrame(api, version, this.#correlationId, request));
    this.#correlationId += 1;
  }

  /** Sends a frame, with its length. */
  sendFrame(frame: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeInt32BE(frame.length);
    this.sendBytes(Buffer.concat([length, frame]));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next answer, without its length. @throws Error when the broker closes the connection instead. */
  async receive(): Promise<Buffer> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The broker closed the connection');
    return value;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A request as it goes over the wire, without its length. */
function requestFrame(api: AnyApi, version: number, correlationId: number, request: unknown): Buffer {
  return Buffer.concat(encodeRequest(api, version, correlationId, 'raw', request as never));
}

async function* frames(socket: Socket): AsyncGenerator<Buffer, undefined> {
  const assembler = new FrameAssembler(0);
  try {
    for await (const chunk of socket) yield* assembler.push(chunk as Buffer);
  } catch {
    // A reset is the end as well.
  }
  return undefined;
}
