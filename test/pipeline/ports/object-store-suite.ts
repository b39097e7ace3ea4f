/** What every adapter of the `ObjectStore` port must do. */
import { ObjectNotFoundError } from '../../../pipeline/errors.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';

const text = (value: string): Uint8Array => Buffer.from(value);

/** Declares the tests. @param create an empty bucket, called once for each test. */
export function objectStoreSuite(name: string, create: () => Promise<ObjectStore>): void {
  test(`${name}: get returns the bytes that were put, and put overwrites`, async () => {
    const store = await create();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.put('a/b', bytes);
    expect(Buffer.from(await store.get('a/b')).equals(bytes)).toBe(true);
    await store.put('a/b', new Uint8Array());
    expect(await store.get('a/b')).toHaveLength(0);
  });

  test(`${name}: get throws ObjectNotFoundError for a key that is not there`, async () => {
    const store = await create();
    await store.put('present', text('x'));
    await expect(store.get('absent')).rejects.toThrow(ObjectNotFoundError);
  });

  test(`${name}: putIfAbsent creates once, and leaves what exists as it is`, async () => {
    const store = await create();
    expect(await store.putIfAbsent('commits/0/1.json', text('first'))).toBe('created');
    expect(await store.putIfAbsent('commits/0/1.json', text('second'))).toBe('exists');
    expect(Buffer.from(await store.get('commits/0/1.json')).toString()).toBe('first');
  });

  test(`${name}: putIfAbsent lets exactly one of many racing writers create the object`, async () => {
    const store = await create();
    const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
    const outcomes = await Promise.all(writers.map((writer) => store.putIfAbsent('key', text(writer))));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const winner = writers[outcomes.indexOf('created')];
    expect(Buffer.from(await store.get('key')).toString()).toBe(winner);
  });

  test(`${name}: list returns the keys of the prefix alone, ascending by bytes, at most keysMax after startAfter`, async () => {
    const store = await create();
    const keys = ['commits/1/b', 'commits/1/a', 'commits/1/A', 'commits/10/a', 'commits/1-x', 'data/ü z+1.parquet'];
    await Promise.all(keys.map((key) => store.put(key, text(key))));
    expect(await store.list({ prefix: 'commits/1/', keysMax: 10 })).toEqual([
      'commits/1/A',
      'commits/1/a',
      'commits/1/b',
    ]);
    expect(await store.list({ prefix: 'commits/1/', keysMax: 1 })).toEqual(['commits/1/A']);
    expect(await store.list({ prefix: 'commits/', keysMax: 10, startAfter: 'commits/1/a' })).toEqual([
      'commits/1/b',
      'commits/10/a',
    ]);
    expect(await store.list({ prefix: 'data/', keysMax: 10 })).toEqual(['data/ü z+1.parquet']);
    expect(await store.list({ prefix: 'nothing/', keysMax: 10 })).toEqual([]);
  });
}
