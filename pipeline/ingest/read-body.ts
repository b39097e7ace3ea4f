/** The bytes of a request's body, decompressed within bounds. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { BODY_BYTES_MAX, DECOMPRESSED_BYTES_MAX } from './limits.ts';
import { type Problem, problem } from './problem.ts';

const MEGABYTE = 1024 * 1024;

export type BodyResult = { readonly bytes: Uint8Array } | { readonly problem: Problem };

/** @param contentEncoding the header's value, if any: identity, gzip or deflate. */
export function readBody(body: Uint8Array, contentEncoding: string | undefined): BodyResult {
  if (body.length > BODY_BYTES_MAX) {
    const detail = `The body has ${body.length} bytes, at most ${BODY_BYTES_MAX} are allowed: send fewer events, or a smaller one.`;
    return { problem: problem('body-too-large', detail) };
  }
  const encoding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  switch (encoding) {
    case '':
    case 'identity':
      return { bytes: body };
    case 'gzip':
    case 'x-gzip':
      return decompress(body, gunzipSync, 'gzip');
    case 'deflate':
      return decompress(body, inflateSync, 'deflate');
    default:
      return {
        problem: problem('unsupported-content-encoding', 'Content-Encoding must be gzip, deflate, identity or absent.'),
      };
  }
}

function decompress(body: Uint8Array, inflate: typeof gunzipSync, name: string): BodyResult {
  try {
    return { bytes: inflate(body, { maxOutputLength: DECOMPRESSED_BYTES_MAX }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const detail = `The body decompresses to more than ${DECOMPRESSED_BYTES_MAX / MEGABYTE} MiB.`;
      return { problem: problem('body-too-large', detail) };
    }
    return { problem: problem('malformed-body', `The body is not ${name}, although Content-Encoding says so.`) };
  }
}
