/** The tests' lakes over HTTP, for stand-ins of warehouses, which read S3 by themselves. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObjectStore } from '../../../pipeline/ports.ts';

export interface LakeServer {
  readonly url: string;
  /** @returns the bucket's name. */
  add(lake: ObjectStore): string;
  close(): void;
}

/** `GET /<bucket>/<key>`. */
export async function startLakeServer(): Promise<LakeServer> {
  const lakes: ObjectStore[] = [];
  const server = createServer((request, response) => {
    const [, bucket = '', ...key] = decodeURIComponent(request.url ?? '').split('/');
    lakes[Number(bucket.slice('lake'.length))]?.get(key.join('/')).then(
      (body) => response.end(body),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (lake) => `lake${lakes.push(lake) - 1}`,
    close: () => server.close(),
  };
}
