/** Bodies of HTTP requests, with a bound. */
import type { IncomingMessage } from 'node:http';

/**
 * The whole body, or undefined when it is over `bytesMax`: then the rest is read and dropped, so that the sender gets its
 * answer. Holds at most `bytesMax` bytes.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= bytesMax ? Buffer.concat(chunks, bytes) : undefined;
}
