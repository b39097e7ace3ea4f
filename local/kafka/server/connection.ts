/** One client's connection: requests are answered one after the other, in order, as Kafka does. */

import type { Socket } from 'node:net';
import { FrameAssembler } from '../../../pipeline/kafka/frame-assembler.ts';
import { MalformedFrameError } from '../../../pipeline/kafka/wire-reader.ts';
import type { Route, Session } from '../routes/route.ts';
import { unauthenticatedApis } from '../routes/session-routes.ts';
import { CloseConnection } from './close-connection.ts';
import type { Faults } from './faults.ts';
import { ReadBuffer } from './read-buffer.ts';
import { type Answer, decodeRequest, encodeAnswer, handleRequest } from './request-router.ts';

/** A connection keeps the memory of a request up to this size for the next. */
const keptFrameBytesMax = 4 * 1024 * 1024;

/** What every connection of a broker shares. */
export interface ConnectionContext {
  readonly routes: ReadonlyMap<number, Route>;
  readonly faults: Faults;
  readonly requiresAuthentication: boolean;
  readonly now: () => number;
}

/**
 * Serves the socket until it closes. A malformed frame ends this connection only.
 * Memory: one request and its answer; while they are in work the socket is not read.
 */
export async function serveConnection(socket: Socket, context: ConnectionContext): Promise<void> {
  const authenticatedUntil = context.requiresAuthentication ? 0 : Number.POSITIVE_INFINITY;
  const session: Session = { mechanism: undefined, authenticatedUntil, readBuffer: new ReadBuffer() };
  const clientHost = `/${socket.remoteAddress ?? ''}`;
  const assembler = new FrameAssembler(keptFrameBytesMax);
  try {
    for await (const chunk of socket) {
      for (const frame of assembler.push(chunk as Buffer)) {
        const answer = await answerTo(frame, context, clientHost, session);
        if (answer !== undefined) await send(socket, answer);
      }
    }
  } catch (error) {
    const isExpected = error instanceof MalformedFrameError || error instanceof CloseConnection;
    const { syscall, code } = error as NodeJS.ErrnoException;
    const isSocketError = syscall !== undefined || code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isExpected && !isSocketError) process.emitWarning(error instanceof Error ? error : String(error));
  } finally {
    socket.destroy();
  }
}

async function answerTo(
  frame: Buffer,
  { routes, faults, now }: ConnectionContext,
  clientHost: string,
  session: Session,
): Promise<Answer | undefined> {
  const request = decodeRequest(frame, routes, clientHost, session);
  if ('answer' in request) return request.answer;
  const { key, name } = request.api;
  if (session.authenticatedUntil <= now() && !unauthenticatedApis.includes(key)) {
    throw new CloseConnection(`Cannot serve ${name}: the connection has not authenticated`);
  }
  const route = routes.get(key);
  if (route === undefined) return undefined;
  const body = await faults.around(request, (part) => handleRequest(request, part, route));
  return body === undefined ? undefined : encodeAnswer(request, body);
}

/** Resolves when the kernel has taken the answer or the socket is closed: until then its memory is in use. */
function send(socket: Socket, answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    socket.cork();
    for (const piece of answer.slice(0, -1)) socket.write(piece);
    socket.write(answer.at(-1) ?? '', () => resolve());
    socket.uncork();
  });
}
