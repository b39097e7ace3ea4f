/** Parquet's RLE / bit-packing hybrid: definition and repetition levels, and dictionary indexes. */
import type { ByteBuffer } from './byte-buffer.ts';

/** A run of this many equal values is cheaper as a repetition than packed; packed runs come in groups of eight. */
const GROUP = 8;

/** Bits needed for values 0 to `max`. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/**
 * Appends `values[from, to)`, each below `2 ** width`, as alternating repeated and bit-packed runs.
 *
 * @param width 0 to 24 bits; at 0 every value is 0 and the run still tells their count
 */
export function encodeRle(
  out: ByteBuffer,
  values: Uint8Array | Int32Array,
  from: number,
  to: number,
  width: number,
): void {
  let at = from;
  while (at < to) {
    const end = runEnd(values, at, to);
    if (end - at >= GROUP || end === to) {
      repeatedRun(out, values[at] as number, end - at, width);
      at = end;
      continue;
    }
    const start = at;
    do at += GROUP;
    while (at < to && runEnd(values, at, Math.min(to, at + GROUP)) - at < GROUP);
    at = Math.min(at, to);
    packedRun(out, values, start, at, width);
  }
}

function runEnd(values: Uint8Array | Int32Array, at: number, to: number): number {
  const value = values[at];
  let end = at + 1;
  while (end < to && values[end] === value) end++;
  return end;
}

function repeatedRun(out: ByteBuffer, value: number, count: number, width: number): void {
  out.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.byte((value >>> shift) & 0xff);
}

function packedRun(out: ByteBuffer, values: Uint8Array | Int32Array, from: number, to: number, width: number): void {
  const groups = Math.ceil((to - from) / GROUP);
  out.varint(groups * 2 + 1);
  out.reserve(groups * width);
  const bytes = out.bytes;
  let at = out.length;
  let pending = 0;
  let pendingBits = 0;
  for (let i = from; i < to; i++) {
    pending |= (values[i] as number) << pendingBits;
    pendingBits += width;
    while (pendingBits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
  if (pendingBits > 0) bytes[at++] = pending;
  const end = out.length + groups * width;
  // The last group is padded with zeros; the buffer may hold old bytes there.
  bytes.fill(0, at, end);
  out.length = end;
}
