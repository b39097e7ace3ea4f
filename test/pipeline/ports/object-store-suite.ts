/** What every adapter of the `ObjectStore` port must do. */
import { Readable } from 'node:stream';
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
    const list = async (...args: Parameters<ObjectStore['list']>): Promise<string[]> =>
      (await store.list(...args)).map(({ key }) => key);
    expect(await list({ prefix: 'commits/1/', keysMax: 10 })).toEqual(['commits/1/A', 'commits/1/a', 'commits/1/b']);
    expect(await list({ prefix: 'commits/1/', keysMax: 1 })).toEqual(['commits/1/A']);
    expect(await list({ prefix: 'commits/', keysMax: 10, startAfter: 'commits/1/a' })).toEqual([
      'commits/1/b',
      'commits/10/a',
    ]);
    expect(await list({ prefix: 'data/', keysMax: 10 })).toEqual(['data/ü z+1.parquet']);
    expect(await list({ prefix: 'nothing/', keysMax: 10 })).toEqual([]);
  });

  test(`${name}: list tells each object's size and when it was written`, async () => {
    const store = await create();
    const before = Date.now();
    await store.put('a', text('four'));
    const [object] = await store.list({ prefix: 'a', keysMax: 1 });
    expect(object).toMatchObject({ key: 'a', bytes: 4 });
    // S3's times are of whole seconds.
    expect(object?.modifiedAt).toBeGreaterThanOrEqual(before - 1000);
    expect(object?.modifiedAt).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test(`${name}: delete removes the object, and repeating it changes nothing`, async () => {
    const store = await create();
    await store.put('a', text('x'));
    await store.put('ab', text('y'));
    await store.delete('a');
    await store.delete('a');
    expect((await store.list({ prefix: '', keysMax: 10 })).map(({ key }) => key)).toEqual(['ab']);
  });

  test.each([
    ['nothing', []],
    ['small chunks', [3, 0, 5]],
    ['more than a part of a multipart upload', [9_000_000, 9_000_000, 20_000_000]],
  ])(`${name}: putParts writes %s as one object`, async (_, sizes) => {
    const store = await create();
    const chunks = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    await store.put('key', text('before'));
    await store.putParts('key', Readable.from(chunks));
    expect(Buffer.from(await store.get('key')).equals(Buffer.concat(chunks))).toBe(true);
  });

  test(`${name}: putParts leaves the object as it was when a part cannot be made`, async () => {
    const store = await create();
    await store.put('key', text('before'));
    const failing = async function* () {
      yield Buffer.alloc(17_000_000);
      throw new Error('out of disk');
    };
    await expect(store.putParts('key', failing())).rejects.toThrow('out of disk');
    expect(Buffer.from(await store.get('key')).toString()).toBe('before');
  });
}
