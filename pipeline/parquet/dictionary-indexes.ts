/** Values as indexes into a dictionary: the RLE_DICTIONARY encoding of a column chunk. */
import { ByteBuffer } from './byte-buffer.ts';
import { Encoding } from './format.ts';
import { bitWidth, encodeRle } from './rle.ts';
import type { EncodedValues } from './values.ts';

/**
 * Data pages of `count` indexes over a dictionary page of `entries` PLAIN values.
 *
 * @param dictionary the entries, PLAIN-encoded
 */
export function dictionaryIndexes(
  indexes: Int32Array,
  count: number,
  entries: number,
  dictionary: Uint8Array,
): EncodedValues {
  // One bit even for a single entry: width 0 is legal, but not every reader handles it.
  const width = Math.max(1, bitWidth(entries - 1));
  const out = new ByteBuffer();
  return {
    encoding: Encoding.rleDictionary,
    dictionary: { count: entries, bytes: dictionary },
    byteLength: Math.ceil((count * width) / 8),
    page(from, to) {
      out.length = 0;
      out.byte(width);
      encodeRle(out, indexes, from, to, width);
      return out.view();
    },
  };
}
