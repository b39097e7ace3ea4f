/** A bucket in memory, as the `ObjectStore` port: for tests with thousands of steps. */
import { ObjectNotFoundError } from '../../../pipeline/errors.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';

export interface MemoryObjectStore extends ObjectStore {
  /** The bucket itself, for looking in and for breaking things. */
  readonly objects: Map<string, Uint8Array>;
}

/** @param now gives `modifiedAt`. */
export function memoryObjectStore(now: () => number = Date.now): MemoryObjectStore {
  const objects = new Map<string, Uint8Array>();
  const modifiedAt = new Map<string, number>();
  const put = (key: string, body: Uint8Array): void => {
    objects.set(key, Uint8Array.from(body));
    modifiedAt.set(key, now());
  };
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
      put(key, body);
    },
    async putIfAbsent(key, body) {
      if (objects.has(key)) {
        return 'exists';
      }
      put(key, body);
      return 'created';
    },
    async putParts(key, parts) {
      const bodies: Uint8Array[] = [];
      for await (const part of parts) {
        bodies.push(Uint8Array.from(part));
      }
      put(key, Buffer.concat(bodies));
    },
    async list({ prefix, startAfter, keysMax }) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
      keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return keys
        .filter((key) => startAfter === undefined || Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0)
        .slice(0, keysMax)
        .map((key) => ({ key, bytes: objects.get(key)?.length ?? 0, modifiedAt: modifiedAt.get(key) ?? 0 }));
    },
    async delete(key) {
      objects.delete(key);
    },
  };
}
