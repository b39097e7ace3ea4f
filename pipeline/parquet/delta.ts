/** DELTA_BINARY_PACKED: integers as bit-packed differences, in blocks with a width each. */
import type { ByteBuffer } from './byte-buffer.ts';

const BLOCK = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK / MINIBLOCKS;

/** Values whose differences, less the least of a block, still are safe integers. */
export const DELTA_VALUE_MAX = 2 ** 51;

/**
 * Appends `count` values (parquet-format `Encodings.md`).
 *
 * @param valueAt integers of at most `DELTA_VALUE_MAX` in size
 */
export function encodeDelta(out: ByteBuffer, count: number, valueAt: (index: number) => number): void {
  out.varint(BLOCK);
  out.varint(MINIBLOCKS);
  out.varint(count);
  let previous = count > 0 ? valueAt(0) : 0;
  out.varint(zigzag(previous));
  const deltas = new Float64Array(BLOCK);
  for (let from = 1; from < count; from += BLOCK) {
    const size = Math.min(BLOCK, count - from);
    for (let i = 0; i < size; i++) {
      const value = valueAt(from + i);
      deltas[i] = value - previous;
      previous = value;
    }
    writeBlock(out, deltas.subarray(0, size));
  }
}

function writeBlock(out: ByteBuffer, deltas: Float64Array): void {
  let least = Number.POSITIVE_INFINITY;
  for (const delta of deltas) if (delta < least) least = delta;
  out.varint(zigzag(least));
  const miniblocks = Array.from({ length: MINIBLOCKS }, (_, i) => deltas.subarray(i * MINIBLOCK, (i + 1) * MINIBLOCK));
  const widths = miniblocks.map((miniblock) => widthOf(miniblock, least));
  for (const width of widths) out.byte(width);
  for (const [i, miniblock] of miniblocks.entries()) {
    // Miniblocks beyond the last value have no bytes.
    if (miniblock.length > 0) writeMiniblock(out, miniblock, least, widths[i] as number);
  }
}

/** Bits of the greatest difference. */
function widthOf(deltas: Float64Array, least: number): number {
  let greatest = 0;
  for (const delta of deltas) if (delta - least > greatest) greatest = delta - least;
  // Exact, as a logarithm near a power of two is not.
  const high = Math.floor(greatest / 4_294_967_296);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(greatest);
}

/** Always room for all 32 values; what the last miniblock lacks is zero. */
function writeMiniblock(out: ByteBuffer, deltas: Float64Array, least: number, width: number): void {
  const end = out.length + (MINIBLOCK * width) / 8;
  out.reserve((MINIBLOCK * width) / 8);
  const { bytes } = out;
  let at = out.length;
  let pending = 0;
  let pendingBits = 0;
  for (const delta of deltas) {
    let rest = delta - least;
    // Up to 24 bits at a time fit the 32-bit accumulator.
    for (let left = width; left > 0; left -= 24) {
      const bits = Math.min(24, left);
      pending |= (rest % 16_777_216) << pendingBits;
      pendingBits += bits;
      rest = Math.floor(rest / 16_777_216);
      for (; pendingBits >= 8; pendingBits -= 8) {
        bytes[at++] = pending;
        pending >>>= 8;
      }
    }
  }
  if (pendingBits > 0) bytes[at++] = pending;
  bytes.fill(0, at, end);
  out.length = end;
}

/** Without 32-bit operators, as values have up to 53 bits. */
function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
