/** Requests and answers as a client writes and reads them. */

import type { AnyApi, Api } from './api.ts';
import { apiVersions } from './session-apis.ts';
import { WireReader } from './wire-reader.ts';
import type { ReadOf, WireType, WriteOf } from './wire-type.ts';
import { WireWriter } from './wire-writer.ts';

const correlationIdBytes = 4;

/** A request without its length, in pieces. */
export function encodeRequest<A extends AnyApi>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string,
  request: WriteOf<A['request']>,
): readonly Buffer[] {
  const header = new WireWriter(0, false);
  header.int16(api.key);
  header.int16(version);
  header.int32(correlationId);
  const name = Buffer.from(clientId);
  header.int16(name.length);
  header.bytes(name);
  const body = new WireWriter(version, version >= api.flexibleFrom);
  if (body.flexible) body.uvarint(0);
  api.request.write(body, request as never);
  return [...header.finish().buffers, ...body.finish().buffers];
}

/** Which request a frame without its length answers. */
export function correlationIdOf(frame: Buffer): number {
  return new WireReader(frame, 0, false).int32();
}

/**
 * Reads an answer to its last byte; byte fields are views of the frame.
 * @throws MalformedFrameError when it breaks its own encoding; Error when bytes are left over.
 */
export function decodeAnswer<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>>(
  api: Api<Request, Response>,
  version: number,
  frame: Buffer,
): ReadOf<Response> {
  const reader = new WireReader(frame, version, version >= api.flexibleFrom, correlationIdBytes);
  // The answer to ApiVersions never has header tags: it is read before anybody knows what the broker speaks (KIP-511).
  if (reader.flexible && api.key !== apiVersions.key) reader.tags();
  const body = api.response.read(reader) as ReadOf<Response>;
  if (reader.remaining > 0) throw new Error(`${api.name} v${version}: ${reader.remaining} bytes left over`);
  return body;
}
