/** One client's connection: requests are answered one after the other, in order, as Kafka does. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MalformedFrameError } from '../protocol/wire-reader.ts';
import type { Route } from '../routes/route.ts';
import { FrameAssembler } from './frame-assembler.ts';
import { type Answer, decodeRequest, encodeAnswer, handleRequest } from './request-router.ts';

/**
 * Serves the socket until it closes. A malformed frame ends this connection only.
 * Memory: one request and its answer; while they are in work the socket is not read.
 */
export async function serveConnection(socket: Socket, routes: ReadonlyMap<number, Route>): Promise<void> {
  const clientHost = `/${socket.remoteAddress ?? ''}`;
  const assembler = new FrameAssembler();
  try {
    for await (const chunk of socket) {
      for (const frame of assembler.push(chunk as Buffer)) {
        const answer = await answerTo(frame, routes, clientHost);
        if (answer !== undefined) await send(socket, answer);
      }
    }
  } catch (error) {
    const isClients = error instanceof MalformedFrameError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isClients) throw error;
  } finally {
    socket.destroy();
  }
}

async function answerTo(
  frame: Buffer,
  routes: ReadonlyMap<number, Route>,
  clientHost: string,
): Promise<Answer | undefined> {
  const request = decodeRequest(frame, routes, clientHost);
  if ('answer' in request) return request.answer;
  const route = routes.get(request.api.key);
  if (route === undefined) return undefined;
  const body = await handleRequest(request, route);
  return body === undefined ? undefined : encodeAnswer(request, body);
}

async function send(socket: Socket, answer: Answer): Promise<void> {
  if (socket.destroyed) return;
  socket.cork();
  let isFull = false;
  for (const piece of answer) isFull = !socket.write(piece) || isFull;
  socket.uncork();
  if (isFull && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}
