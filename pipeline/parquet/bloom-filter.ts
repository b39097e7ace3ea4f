/** Split-block Bloom filters: whether a column chunk can hold a value at all (parquet-format `BloomFilter.md`). */
import { ThriftWriter } from './thrift-writer.ts';
import type { Values } from './values.ts';
import { xxhash64 } from './xxhash64.ts';

const BLOCK_BYTES = 32;
const BYTES_MAX = 2 ** 20;
/** Bits a value, for about one false answer in a hundred. */
const BITS_PER_VALUE = 11;

/** One odd multiplier for each of a block's eight words. */
const SALTS = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31] as const;

/** The filter of all values of a chunk, header first, as it lies in the file; at most 1 MiB. */
export function bloomFilter(values: Values): Uint8Array {
  const words = new Int32Array(filterBytes(values.count) / 4);
  values.visitBytes((bytes, from, to) => insert(words, xxhash64(bytes, from, to)));
  const thrift = new ThriftWriter();
  thrift.i32(1, words.byteLength);
  // Unions of one member: the block algorithm, xxHash64, not compressed.
  for (const id of [2, 3, 4]) thrift.struct(id, () => thrift.struct(1, () => {}));
  thrift.stop();
  thrift.buffer.append(new Uint8Array(words.buffer));
  return thrift.buffer.view();
}

/** A power of two, as other writers have it. */
function filterBytes(count: number): number {
  const bytes = 2 ** Math.ceil(Math.log2(Math.max(1, (count * BITS_PER_VALUE) / 8)));
  return Math.min(Math.max(bytes, BLOCK_BYTES), BYTES_MAX);
}

function insert(words: Int32Array, hash: bigint): void {
  const high = Number(hash >> 32n);
  const key = Number(hash & 0xffffffffn);
  const block = Math.floor((high * (words.length / 8)) / 4_294_967_296);
  for (const [i, salt] of SALTS.entries()) {
    const word = block * 8 + i;
    words[word] = (words[word] as number) | (1 << (Math.imul(key, salt) >>> 27));
  }
}
