/** A bucket in memory, as the `ObjectStore` port: for tests with thousands of steps. */
import { ObjectNotFoundError } from '../../../pipeline/errors.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';

export interface MemoryObjectStore extends ObjectStore {
  /** The bucket itself, for looking in and for breaking things. */
  readonly objects: Map<string, Uint8Array>;
}

export function memoryObjectStore(): MemoryObjectStore {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    async get(key) {
      const body = objects.get(key);
      if (!body) {
        throw new ObjectNotFoundError(key);
      }
      return body;
    },
    async put(key, body) {
      objects.set(key, Uint8Array.from(body));
    },
    async putIfAbsent(key, body) {
      if (objects.has(key)) {
        return 'exists';
      }
      objects.set(key, Uint8Array.from(body));
      return 'created';
    },
    async list({ prefix, startAfter, keysMax }) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
      keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return keys
        .filter((key) => startAfter === undefined || Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0)
        .slice(0, keysMax);
    },
  };
}
