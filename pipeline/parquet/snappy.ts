/** Snappy's raw block format, written: Node has no codec for it, and warehouses read it everywhere. */

/** Copies reach back at most this far, and the match table holds 16-bit positions in it. */
const BLOCK = 65_536;
const TABLE_BITS = 14;
const MIN_MATCH = 4;
/** No match may start this close to a block's end, so that four-byte reads stay inside it. */
const TAIL = 15;
/** A native copy costs as much as some dozens of bytes do in a loop. */
const SHORT = 48;

/** Kept from page to page, as their memory costs more than their work. */
const table = new Uint16Array(1 << TABLE_BITS);
let out = new Uint8Array(0);

/**
 * Compresses `input` (google/snappy `format_description.txt`): greedy matches of four bytes or more, 64 KiB blocks.
 * Incompressible input is skipped with growing steps and grows by at most 1/6 + 32 bytes.
 */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const worst = 32 + input.length + Math.ceil(input.length / 6);
  if (out.length < worst) out = new Uint8Array(worst);
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let length = writeLength(input.length);
  for (let start = 0; start < input.length; start += BLOCK) {
    table.fill(0);
    length = compressBlock(input, view, start, Math.min(start + BLOCK, input.length), length);
  }
  return out.slice(0, length);
}

function writeLength(length: number): number {
  let at = 0;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

/** Writes from `outAt` on, where there is room for the worst case. @returns where it ended */
function compressBlock(input: Uint8Array, view: DataView, start: number, end: number, outAt: number): number {
  const limit = end - TAIL;
  let literal = start;
  let at = start + 1;
  let misses = 32;
  let to = outAt;
  while (at < limit) {
    const word = view.getInt32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (candidate >= at || view.getInt32(candidate, true) !== word) {
      at += misses++ >>> 5;
      continue;
    }
    const matched = matchEnd(input, view, at + MIN_MATCH, candidate + MIN_MATCH, end);
    to = writeLiteral(input, literal, at, to);
    to = writeCopy(at - candidate, matched - at, to);
    at = matched;
    literal = matched;
    misses = 32;
  }
  return writeLiteral(input, literal, end, to);
}

/** How far the bytes from `at` on are those from `earlier` on. */
function matchEnd(input: Uint8Array, view: DataView, at: number, earlier: number, end: number): number {
  let matched = at;
  let other = earlier;
  while (matched + 4 <= end && view.getInt32(matched, true) === view.getInt32(other, true)) {
    matched += 4;
    other += 4;
  }
  while (matched < end && input[matched] === input[other]) {
    matched++;
    other++;
  }
  return matched;
}

function writeLiteral(input: Uint8Array, from: number, to: number, outAt: number): number {
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
  if (length > SHORT) out.set(input.subarray(from, to), at);
  else for (let i = 0; i < length; i++) out[at + i] = input[from + i] as number;
  return at + length;
}

/** Copies of more than 64 bytes are split; none of the pieces is shorter than four. */
function writeCopy(offset: number, length: number, outAt: number): number {
  let rest = length;
  let at = outAt;
  while (rest >= 68) {
    at = longCopy(offset, 64, at);
    rest -= 64;
  }
  if (rest > 64) {
    at = longCopy(offset, 60, at);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) return longCopy(offset, rest, at);
  out[at] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | 1;
  out[at + 1] = offset & 0xff;
  return at + 2;
}

function longCopy(offset: number, length: number, at: number): number {
  out[at] = ((length - 1) << 2) | 2;
  out[at + 1] = offset & 0xff;
  out[at + 2] = offset >>> 8;
  return at + 3;
}
