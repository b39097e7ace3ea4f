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
  for (let start = 0; start < input.length; start += BLOCK) {
    if (start > 0) table.fill(0);
    compressBlock(input, start, Math.min(start + BLOCK, input.length), table, out);
  }
  return out.view();
}

function compressBlock(input: Uint8Array, start: number, end: number, table: Uint16Array, out: ByteBuffer): void {
  const limit = end - TAIL;
  let literal = start;
  let at = start + 1;
  let misses = 32;
  while (at < limit) {
    const word = readWord(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (candidate >= at || readWord(input, candidate) !== word) {
      at += misses++ >>> 5;
      continue;
    }
    const matched = matchEnd(input, candidate + MIN_MATCH, at + MIN_MATCH, end);
    writeLiteral(input, literal, at, out);
    writeCopy(at - candidate, matched - at, out);
    at = matched;
    literal = matched;
    misses = 32;
  }
  writeLiteral(input, literal, end, out);
}

function readWord(input: Uint8Array, at: number): number {
  return (
    (input[at] as number) |
    ((input[at + 1] as number) << 8) |
    ((input[at + 2] as number) << 16) |
    ((input[at + 3] as number) << 24)
  );
}

function matchEnd(input: Uint8Array, candidate: number, from: number, end: number): number {
  let at = from;
  let earlier = candidate;
  while (at < end && input[at] === input[earlier]) {
    at++;
    earlier++;
  }
  return at;
}

function writeLiteral(input: Uint8Array, from: number, to: number, out: ByteBuffer): void {
  const length = to - from;
  if (length === 0) return;
  const size = length - 1;
  if (size < 60) out.byte(size << 2);
  else if (size < 256) {
    out.byte(60 << 2);
    out.byte(size);
  } else {
    out.byte(61 << 2);
    out.byte(size & 0xff);
    out.byte(size >>> 8);
  }
  out.append(input.subarray(from, to));
}

/** Copies of more than 64 bytes are split; none of the pieces is shorter than four. */
function writeCopy(offset: number, length: number, out: ByteBuffer): void {
  let rest = length;
  while (rest >= 68) {
    longCopy(offset, 64, out);
    rest -= 64;
  }
  if (rest > 64) {
    longCopy(offset, 60, out);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) longCopy(offset, rest, out);
  else {
    out.byte(((offset >>> 8) << 5) | ((rest - 4) << 2) | 1);
    out.byte(offset & 0xff);
  }
}

function longCopy(offset: number, length: number, out: ByteBuffer): void {
  out.byte(((length - 1) << 2) | 2);
  out.byte(offset & 0xff);
  out.byte(offset >>> 8);
}
