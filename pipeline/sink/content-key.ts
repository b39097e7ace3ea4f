/** Objects that are named by their content: the key is also the proof that the body is what was written. */
import { createHash } from 'node:crypto';
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';

const HASH_HEX_DIGITS = 16;
/** A merged file (`compacted-`) is stored while it is made, so its hash is that of the names that went into it. */
const KEY = /(?:^|\/)(compacted-)?[^/]*?([0-9a-f]*)\.[a-z]+$/;

/** `<stem>-<hash>.<extension>`: another content has another key. */
export const contentKey = (stem: string, extension: string, body: Uint8Array): string =>
  `${stem}-${hashOf(body)}.${extension}`;

/**
 * The body of a data file or of dead letters. A size, a row count and Parquet's own structure stay the same when a value
 * inside changes, the hash does not. Of a merged file, and of no other, the key cannot tell.
 * @throws ObjectNotFoundError, or UnknownFormatError when the body is another one.
 */
export async function getContent(lake: ObjectStore, key: string): Promise<Uint8Array> {
  const body = await lake.get(key);
  const [, merged, hash] = KEY.exec(key) ?? [];
  if (merged === undefined && hash !== hashOf(body)) {
    throw new UnknownFormatError(`"${key}"`, 'it was changed, its content is not what its name says; restore it');
  }
  return body;
}

const hashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, HASH_HEX_DIGITS);
