/** S3's index of keys, in the order that S3 lists them. */
import { S3Error } from '../../node_modules/fauxqs/dist/common/errors.js';
import { S3Store } from '../../node_modules/fauxqs/dist/s3/s3Store.js';
import type { S3Object } from '../../node_modules/fauxqs/dist/s3/s3Types.js';

type ListOptions = NonNullable<Parameters<S3Store['listObjects']>[1]>;
type Listing = ReturnType<S3Store['listObjects']>;

/**
 * `fauxqs`'s store, with `listObjects` in ascending UTF-8 byte order as S3 gives it: fauxqs sorts by the host's locale,
 * in which `a-1` may come before or after `a/1`, and a listing that starts after a key then skips or repeats keys.
 * Only keys with the prefix are sorted, so a LIST of one prefix does not pay for the whole bucket.
 */
export class ObjectStore extends S3Store {
  override listObjects(bucket: string, options?: ListOptions): Listing {
    const objects = this.#objects(bucket);
    if (objects === undefined) {
      throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404);
    }
    const prefix = options?.prefix ?? '';
    const after = options?.startAfter ?? options?.marker ?? '';
    const found: S3Object[] = [];
    for (const object of objects.values()) {
      if (object.key.startsWith(prefix) && compareKeys(object.key, after) > 0) found.push(object);
    }
    found.sort((a, b) => compareKeys(a.key, b.key));
    return page(found, prefix, after, options?.delimiter, options?.maxKeys ?? 1000);
  }

  has(bucket: string, key: string): boolean {
    return this.#objects(bucket)?.has(key) ?? false;
  }

  /** `fauxqs` declares the map private; 2.4.1 is pinned. */
  #objects(bucket: string): ReadonlyMap<string, S3Object> | undefined {
    const buckets = Reflect.get(this, 'buckets') as ReadonlyMap<string, ReadonlyMap<string, S3Object>>;
    return buckets.get(bucket);
  }
}

function page(
  found: S3Object[],
  prefix: string,
  after: string,
  delimiter: string | undefined,
  keysMax: number,
): Listing {
  const objects: S3Object[] = [];
  const commonPrefixes = new Set<string>();
  for (const object of found) {
    const end = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
    const folder = delimiter && end >= 0 ? object.key.slice(0, end + delimiter.length) : undefined;
    if (folder !== undefined && (commonPrefixes.has(folder) || compareKeys(folder, after) <= 0)) continue;
    if (objects.length + commonPrefixes.size >= keysMax) {
      return { objects, commonPrefixes: [...commonPrefixes], isTruncated: true };
    }
    if (folder === undefined) objects.push(object);
    else commonPrefixes.add(folder);
  }
  return { objects, commonPrefixes: [...commonPrefixes], isTruncated: false };
}

/** Orders strings by their UTF-8 bytes without encoding them. */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates before U+E000; the characters they encode come after U+FFFF in UTF-8. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
