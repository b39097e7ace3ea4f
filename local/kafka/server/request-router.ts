/** Decodes a request, finds its handler and encodes the answer. */

import type { AnyApi } from '../../../pipeline/kafka/api.ts';
import { produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { apiVersions } from '../../../pipeline/kafka/session-apis.ts';
import { WireReader } from '../../../pipeline/kafka/wire-reader.ts';
import { WireWriter } from '../../../pipeline/kafka/wire-writer.ts';
import type { Caller, Route, Session } from '../routes/route.ts';
import { CloseConnection } from './close-connection.ts';
import { errorAnswer } from './error-answer.ts';

/** A frame whose header has been read. */
export interface Request {
  readonly api: AnyApi;
  readonly body: unknown;
  readonly correlationId: number;
  readonly caller: Caller;
}

/** What goes to the socket: a frame in pieces. */
export type Answer = readonly Buffer[];

/** A request that cannot be decoded because its API or version is unknown, with the answer that says so. */
export interface Unsupported {
  readonly answer: Answer;
}

/**
 * Reads a frame (without its length).
 * @throws MalformedFrameError when it breaks its own encoding.
 */
export function decodeRequest(
  frame: Buffer,
  routes: ReadonlyMap<number, Route>,
  clientHost: string,
  session: Session,
): Request | Unsupported {
  const header = new WireReader(frame, 0, false);
  const [key, version, correlationId] = [header.int16(), header.int16(), header.int32()];
  const api = routes.get(key)?.api;
  if (api === undefined || version < api.minVersion || version > api.maxVersion) {
    return { answer: unsupported(api, correlationId, routes) };
  }
  const clientIdLength = header.length(2);
  const clientId = clientIdLength < 0 ? '' : header.bytes(clientIdLength).toString('utf8');
  const reader = new WireReader(frame, version, version >= api.flexibleFrom, header.position);
  if (reader.flexible) reader.tags();
  const body = api.request.read(reader);
  return { api, body, correlationId, caller: { clientId, clientHost, version, session } };
}

/** Encodes the answer to a request. */
export function encodeAnswer({ api, correlationId, caller }: Request, body: unknown): Answer {
  const version = api === apiVersions && isUnsupported(body) ? 0 : caller.version;
  const writer = new WireWriter(version, version >= api.flexibleFrom);
  writer.int32(correlationId);
  // The answer to ApiVersions never has header tags: a client reads it before it knows what the broker speaks (KIP-511).
  if (writer.flexible && api !== apiVersions) writer.uvarint(0);
  api.response.write(writer, body as never);
  return framed(writer);
}

/** The client cannot know this answer's form but for the oldest (KIP-511). */
function isUnsupported(body: unknown): boolean {
  return (body as { readonly errorCode?: number }).errorCode === errorCode.unsupportedVersion;
}

/** Runs the handler. A refusal and a defect become the API's own error answer; `undefined` is no answer. */
export async function handleRequest({ api, caller }: Request, body: unknown, route: Route): Promise<unknown> {
  try {
    return await route.handle(body, caller);
  } catch (error) {
    if (error instanceof CloseConnection) throw error;
    if (error instanceof KafkaError) return errorAnswer(body, error.code, error.message);
    process.emitWarning(error instanceof Error ? error : String(error), { code: `KAFKA_${api.name.toUpperCase()}` });
    return errorAnswer(body, errorCode.unknownServerError, String(error));
  }
}

/**
 * The APIs and versions of `routes`, as ApiVersions tells them. Produce from 0 on, as Apache Kafka 4 says although it
 * takes only newer ones: librdkafka up to 2.11 compresses nothing for a broker without (KAFKA-18659).
 */
export function supportedVersions(routes: ReadonlyMap<number, Route>) {
  return [...routes.values()].map(({ api: { key, minVersion, maxVersion } }) => ({
    apiKey: key,
    minVersion: key === produce.key ? 0 : minVersion,
    maxVersion,
  }));
}

/**
 * Apache Kafka answers only ApiVersions so and closes the connection for all others. The error code alone, in the
 * oldest form, costs a client nothing and says what is wrong.
 */
function unsupported(api: AnyApi | undefined, correlationId: number, routes: ReadonlyMap<number, Route>): Answer {
  const writer = new WireWriter(0, false);
  writer.int32(correlationId);
  const answer = { errorCode: errorCode.unsupportedVersion, apiKeys: supportedVersions(routes) };
  if (api === apiVersions) apiVersions.response.write(writer, answer);
  else writer.int16(errorCode.unsupportedVersion);
  return framed(writer);
}

function framed(writer: WireWriter): Answer {
  const { buffers, bytes } = writer.finish();
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(bytes);
  return [length, ...buffers];
}
