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
export function encodeRle(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): void {
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
    while (at < to && !isRun(values, at, to));
    at = Math.min(at, to);
    packedRun(out, values, start, at, width);
  }
}

function runEnd(values: Int32Array, at: number, to: number): number {
  const value = values[at];
  let end = at + 1;
  while (end < to && values[end] === value) end++;
  return end;
}

/** Whether a group of equal values begins at `at`. */
function isRun(values: Int32Array, at: number, to: number): boolean {
  return at + GROUP <= to && values[at] === values[at + 1] && runEnd(values, at, at + GROUP) === at + GROUP;
}

function repeatedRun(out: ByteBuffer, value: number, count: number, width: number): void {
  out.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.byte((value >>> shift) & 0xff);
}

function packedRun(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): void {
  const groups = Math.ceil((to - from) / GROUP);
  out.varint(groups * 2 + 1);
  out.reserve(groups * width);
  const end = out.length + groups * width;
  const { bytes, length } = out;
  const at = width === 1 ? packBits(bytes, length, values, from, to) : pack(bytes, length, values, from, to, width);
  // The last group is padded with zeros; the buffer may hold old bytes there.
  bytes.fill(0, at, end);
  out.length = end;
}

/** Writes values of `width` bits. @returns where they end */
function pack(bytes: Uint8Array, start: number, values: Int32Array, from: number, to: number, width: number): number {
  let at = start;
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
  return at;
}

/** Writes values of one bit, of which levels and flags are full. @returns where they end */
function packBits(bytes: Uint8Array, start: number, values: Int32Array, from: number, to: number): number {
  let at = start;
  let i = from;
  for (; i + GROUP <= to; i += GROUP) {
    bytes[at++] =
      (values[i] as number) |
      ((values[i + 1] as number) << 1) |
      ((values[i + 2] as number) << 2) |
      ((values[i + 3] as number) << 3) |
      ((values[i + 4] as number) << 4) |
      ((values[i + 5] as number) << 5) |
      ((values[i + 6] as number) << 6) |
      ((values[i + 7] as number) << 7);
  }
  return i < to ? pack(bytes, at, values, i, to, 1) : at;
}
