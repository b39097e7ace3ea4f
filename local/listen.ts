/** Loopback ports. */
import type { Server } from 'node:net';
import { HostError } from './host-error.ts';

/**
 * Listens on 127.0.0.1 only, since nothing on the laptop checks signatures. `port` 0 takes a free one.
 * @returns the port. @throws HostError when it is taken.
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another process uses it' : error.message;
      reject(new HostError(`Cannot listen on "127.0.0.1:${port}": ${reason}, choose another port or 0 for a free one`));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
