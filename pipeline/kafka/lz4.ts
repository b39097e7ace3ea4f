/** Reads LZ4 frames, as Kafka's producers write them (https://github.com/lz4/lz4/tree/dev/doc). */

import { copyBack } from './copy-back.ts';

const MAGIC = 0x184d2204;
const CONTENT_SIZE_BIT = 0x08;
const DICTIONARY_BIT = 0x01;
const BLOCK_CHECKSUM_BIT = 0x10;
const STORED_BIT = 0x8000_0000;
const MATCH_BYTES_MIN = 4;

/**
 * Decompresses one frame. Its own checksums are passed over: the record batch around it has one.
 * @throws RangeError for input that is not an LZ4 frame.
 */
export function unlz4(input: Buffer): Buffer {
  if (input.readUInt32LE(0) !== MAGIC) throw new RangeError('Cannot read LZ4: it does not begin as a frame');
  const flags = input.readUInt8(4);
  const blockBytesMax = 2 ** (8 + 2 * ((input.readUInt8(5) >>> 4) & 7));
  // After the two bytes of the descriptor and what they announce comes the descriptor's checksum of one byte.
  let at = 7 + (flags & CONTENT_SIZE_BIT ? 8 : 0) + (flags & DICTIONARY_BIT ? 4 : 0);
  let output = Buffer.allocUnsafeSlow(Math.max(blockBytesMax, input.length * 4));
  let end = 0;
  for (;;) {
    const word = input.readUInt32LE(at);
    if (word === 0) return output.subarray(0, end);
    const start = at + 4;
    at = start + (word % STORED_BIT);
    if (end + blockBytesMax > output.length) {
      // Blocks may refer to earlier ones, so all of them stay in one buffer.
      const larger = Buffer.allocUnsafeSlow(output.length * 2 + blockBytesMax);
      output.copy(larger, 0, 0, end);
      output = larger;
    }
    const block = input.subarray(start, at);
    end = word >= STORED_BIT ? end + block.copy(output, end) : inflate(block, output, end);
    if (flags & BLOCK_CHECKSUM_BIT) at += 4;
  }
}

/** Appends a block's content to `output` at `end`, and returns the new end. */
function inflate(block: Buffer, output: Buffer, start: number): number {
  let end = start;
  let at = 0;
  /** Fifteen means that more follows, byte by byte until one is not 255. */
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; ) {
      byte = block.readUInt8(at++);
      length += byte;
    }
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthOf(token >>> 4);
    if (end + literals > output.length) throw new RangeError('Cannot read LZ4: a block is longer than it may be');
    end += block.copy(output, end, at, at + literals);
    at += literals;
    // The last sequence of a block has no match.
    if (at >= block.length) break;
    const offset = block.readUInt16LE(at);
    at += 2;
    const length = lengthOf(token & 15) + MATCH_BYTES_MIN;
    if (end + length > output.length) throw new RangeError('Cannot read LZ4: a block is longer than it may be');
    end = copyBack(output, end, offset, length);
  }
  return end;
}
