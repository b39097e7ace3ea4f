/** Snappy's raw block format, written: Node has no codec for it, and warehouses read it everywhere. */
import { ByteBuffer } from './byte-buffer.ts';

/** Copies reach back at most this far, and the match table holds 16-bit positions in it. */
const BLOCK = 65_536;
const TABLE_BITS = 14;
const MIN_MATCH = 4;
/** No match may start this close to a block's end, so that four-byte reads stay inside it. */
const TAIL = 15;

/**
 * Compresses `input` (google/snappy `format_description.txt`): greedy matches of four bytes or more, 64 KiB blocks.
 * Incompressible input is skipped with growing steps and grows by at most 1/6 + 32 bytes.
 */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const out = new ByteBuffer(32 + input.length + Math.ceil(input.length / 6));
  out.varint(input.length);
  const table = new Uint16Array(1 << TABLE_BITS);
  let length = out.length;
  for (let start = 0; start < input.length; start += BLOCK) {
    if (start > 0) table.fill(0);
    length = compressBlock(input, start, Math.min(start + BLOCK, input.length), table, out.bytes, length);
  }
  return out.bytes.subarray(0, length);
}

/** Writes to `out` from `outAt` on, where there is room for the worst case. @returns where it ended */
function compressBlock(
  input: Uint8Array,
  start: number,
  end: number,
  table: Uint16Array,
  out: Uint8Array,
  outAt: number,
): number {
  const limit = end - TAIL;
  let literal = start;
  let at = start + 1;
  let misses = 32;
  let to = outAt;
  while (at < limit) {
    const word = readWord(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (candidate >= at || readWord(input, candidate) !== word) {
      at += misses++ >>> 5;
      continue;
    }
    let matched = at + MIN_MATCH;
    let earlier = candidate + MIN_MATCH;
    while (matched < end && input[matched] === input[earlier]) {
      matched++;
      earlier++;
    }
    to = writeLiteral(input, literal, at, out, to);
    to = writeCopy(at - candidate, matched - at, out, to);
    at = matched;
    literal = matched;
    misses = 32;
  }
  return writeLiteral(input, literal, end, out, to);
}

function readWord(input: Uint8Array, at: number): number {
  return (
    (input[at] as number) |
    ((input[at + 1] as number) << 8) |
    ((input[at + 2] as number) << 16) |
    ((input[at + 3] as number) << 24)
  );
}

function writeLiteral(input: Uint8Array, from: number, to: number, out: Uint8Array, outAt: number): number {
  const length = to - from;
  if (length === 0) return outAt;
  const size = length - 1;
  let at = outAt;
  if (size < 60) out[at++] = size << 2;
  else if (size < 256) {
    out[at++] = 60 << 2;
    out[at++] = size;
  } else {
    out[at++] = 61 << 2;
    out[at++] = size & 0xff;
    out[at++] = size >>> 8;
  }
  // A native copy costs as much as some dozens of bytes do in a loop.
  if (length > 48) out.set(input.subarray(from, to), at);
  else for (let i = 0; i < length; i++) out[at + i] = input[from + i] as number;
  return at + length;
}

/** Copies of more than 64 bytes are split; none of the pieces is shorter than four. */
function writeCopy(offset: number, length: number, out: Uint8Array, outAt: number): number {
  let rest = length;
  let at = outAt;
  while (rest >= 68) {
    at = longCopy(offset, 64, out, at);
    rest -= 64;
  }
  if (rest > 64) {
    at = longCopy(offset, 60, out, at);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) return longCopy(offset, rest, out, at);
  out[at] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | 1;
  out[at + 1] = offset & 0xff;
  return at + 2;
}

function longCopy(offset: number, length: number, out: Uint8Array, at: number): number {
  out[at] = ((length - 1) << 2) | 2;
  out[at + 1] = offset & 0xff;
  out[at + 2] = offset >>> 8;
  return at + 3;
}
