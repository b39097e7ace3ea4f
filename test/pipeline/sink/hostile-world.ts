/** S3 and Kafka at their worst: every call waits its turn, and may fail, take its time or be answered wrongly. */
import type fc from 'fast-check';
import type { ObjectStore, TopicReader } from '../../../pipeline/ports.ts';
import type { MemoryObjectStore } from '../ports/memory-object-store.ts';
import type { MemoryTopic } from '../ports/memory-topic.ts';

/**
 * What happens to one call. `before`: it is never heard of. `after`: it is done, and the answer is lost. `again`: so it
 * is, and the SDK's second try meets what the first has done. `late`: the caller gives up, and it is done afterwards. A
 * number: it is done after so many turns of the others, and answered after as many more.
 */
export type Fault = 'none' | 'before' | 'after' | 'again' | 'late' | number;

export class InjectedError extends Error {}

/** How many turns of others a request that its caller has given up may take. */
const LATE_TURNS = 12;

export interface Hostility {
  /** Undefined when there is peace: then nothing waits. */
  scheduler: fc.Scheduler | undefined;
  /** Of the next calls of one writer; none when they are used up. */
  readonly faults: Fault[];
  /** What no run may do, whatever happens to it. */
  readonly broken: string[];
}

async function turns({ scheduler }: Hostility, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await scheduler?.schedule(Promise.resolve());
  }
}

async function call<Result>(
  hostility: Hostility,
  effect: () => Promise<Result>,
  again = async (first: Result): Promise<Result> => first,
): Promise<Result> {
  const fault = hostility.faults.shift() ?? 'none';
  const pause = typeof fault === 'number' ? fault : 1;
  await turns(hostility, pause);
  if (fault === 'before') {
    throw new InjectedError('nobody heard of it');
  }
  if (fault === 'late') {
    void turns(hostility, LATE_TURNS).then(effect);
    throw new InjectedError('no answer in time');
  }
  const result = await effect();
  await turns(hostility, pause);
  if (fault === 'after') {
    throw new InjectedError('the answer was lost');
  }
  return fault === 'again' ? again(result) : result;
}

/** Nothing that was written once may change in it, and records of chains are written under their condition only. */
export function hostileStore(lake: MemoryObjectStore, hostility: Hostility): ObjectStore {
  const overwrite = async (key: string, body: Uint8Array): Promise<void> => {
    const known = lake.objects.get(key);
    if (known && !Buffer.from(known).equals(body)) {
      hostility.broken.push(`"${key}" was changed`);
    }
    if (/^(commits|compactions)\//.test(key)) {
      hostility.broken.push(`"${key}" was written without a condition`);
    }
    await lake.put(key, body);
  };
  return {
    get: (key) => call(hostility, () => lake.get(key)),
    put: (key, body) => {
      const sent = Uint8Array.from(body);
      return call(hostility, () => overwrite(key, sent));
    },
    putParts: async (key, parts) => {
      const bodies: Uint8Array[] = [];
      for await (const part of parts) {
        bodies.push(Uint8Array.from(part));
      }
      return call(hostility, () => overwrite(key, Buffer.concat(bodies)));
    },
    putIfAbsent: (key, body) =>
      call(
        hostility,
        () => lake.putIfAbsent(key, body),
        () => lake.putIfAbsent(key, body),
      ),
    list: (options) => call(hostility, () => lake.list(options)),
    delete: async (key) => {
      hostility.broken.push(`"${key}" was deleted`);
    },
  };
}

export function hostileReader(topic: MemoryTopic, hostility: Hostility): TopicReader {
  return {
    offsets: (name) => call(hostility, () => topic.offsets(name)),
    end: (name, partition) => call(hostility, () => topic.end(name, partition)),
    async *read(name, range) {
      for await (const batch of topic.read(name, range)) {
        yield await call(hostility, async () => batch);
      }
      await call(hostility, async () => undefined);
    },
    close: async () => undefined,
  };
}
