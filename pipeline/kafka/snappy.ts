/** Reads Snappy, as Kafka's producers write it (https://github.com/google/snappy/blob/main/format_description.txt). */

import { copyBack } from './copy-back.ts';

/** The start of the framing of snappy-java, which Java's and most other producers use. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** No element of a block gives more bytes for each of its own than a copy: 64 for three. */
const RATIO_MAX = 22;
/** The magic and two version numbers. */
const XERIAL_HEADER_BYTES = 16;

/**
 * Decompresses blocks in snappy-java's framing, or one bare block.
 * @throws RangeError for input that is not Snappy.
 */
export function unsnappy(input: Buffer): Buffer {
  if (!input.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return block(input);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < input.length; ) {
    const start = at + 4;
    at = start + input.readUInt32BE(at);
    blocks.push(block(input.subarray(start, at)));
  }
  return Buffer.concat(blocks);
}

function block(input: Buffer): Buffer {
  let at = 0;
  let length = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = input.readUInt8(at++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (length > input.length * RATIO_MAX) {
    throw new RangeError(`Cannot read Snappy: ${input.length} bytes announce ${length}, which cannot be`);
  }
  const output = Buffer.allocUnsafeSlow(length);
  let end = 0;
  while (at < input.length) {
    const tag = input.readUInt8(at++);
    if ((tag & 3) === 0) {
      let literal = tag >>> 2;
      // From 60 on the length minus one follows, in one to four bytes.
      const lengthBytes = Math.max(0, literal - 59);
      if (lengthBytes > 0) literal = input.readUIntLE(at, lengthBytes);
      at += lengthBytes;
      checkFits(end + literal + 1, length);
      end += input.copy(output, end, at, at + literal + 1);
      at += literal + 1;
      continue;
    }
    const { copied, offset, bytes } = copyOf(tag, input, at);
    at += bytes;
    checkFits(end + copied, length);
    end = copyBack(output, end, offset, copied);
  }
  if (end !== length) throw new RangeError(`Cannot read Snappy: ${end} of ${length} bytes`);
  return output;
}

/** Tags 1 to 3: a copy of what is already there, with an offset of one (and three bits), two or four bytes. */
function copyOf(tag: number, input: Buffer, at: number) {
  if ((tag & 3) === 1) {
    return { copied: ((tag >>> 2) & 7) + 4, offset: ((tag >>> 5) << 8) | input.readUInt8(at), bytes: 1 };
  }
  const bytes = (tag & 3) === 2 ? 2 : 4;
  return { copied: (tag >>> 2) + 1, offset: input.readUIntLE(at, bytes), bytes };
}

function checkFits(end: number, length: number): void {
  if (end > length) throw new RangeError(`Cannot read Snappy: more than the ${length} bytes that it announces`);
}
