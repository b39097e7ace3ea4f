/** All objects of a bucket below a prefix. */
import type { ObjectInfo, ObjectStore } from './ports.ts';

const KEYS_PER_PAGE = 1_000;

/** In ascending order of keys, a page at a time: who leaves the loop early asks for no more. */
export async function* listAll(store: ObjectStore, prefix: string, startAfter?: string): AsyncGenerator<ObjectInfo> {
  const range = { prefix, keysMax: KEYS_PER_PAGE };
  let page = await store.list(startAfter === undefined ? range : { ...range, startAfter });
  yield* page;
  for (let last = page.at(-1); last && page.length === KEYS_PER_PAGE; last = page.at(-1)) {
    page = await store.list({ ...range, startAfter: last.key });
    yield* page;
  }
}
