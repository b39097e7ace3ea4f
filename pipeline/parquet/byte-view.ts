/** Words of bytes: four at a time is what hashing and comparing are fast with. */

/** Up to this length a loop over the bytes beats a native copy. */
const SHORT = 32;

let lastBytes = new Uint8Array(0);
let lastView = new DataView(lastBytes.buffer);

/** A view of all of `bytes`; readers ask for the same bytes many times in a row, so the last one is kept. */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes === lastBytes) return lastView;
  lastBytes = bytes as Uint8Array<ArrayBuffer>;
  lastView = new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return lastView;
}

/** Whether `a[atA, atA + length)` and `b[atB, atB + length)` hold the same bytes. */
export function equalBytes(a: DataView, atA: number, b: DataView, atB: number, length: number): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(atA + i) !== b.getUint8(atB + i)) return false;
    return true;
  }
  const last = length - 4;
  for (let i = 0; i < last; i += 4) if (a.getInt32(atA + i, true) !== b.getInt32(atB + i, true)) return false;
  // The last word may overlap the one before, which saves a loop over single bytes.
  return a.getInt32(atA + last, true) === b.getInt32(atB + last, true);
}

/** The order of `view[a, a + length)` and `view[b, b + length)` as unsigned bytes, left to right. */
export function compareBytes(view: DataView, a: number, b: number, length: number): number {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const difference = view.getUint32(a + i) - view.getUint32(b + i);
    if (difference !== 0) return difference;
  }
  for (; i < length; i++) {
    const difference = view.getUint8(a + i) - view.getUint8(b + i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Copies `from[at, at + length)` to `to[toAt, ...)`. */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  if (length > SHORT) to.set(from.subarray(at, at + length), toAt);
  else for (let i = 0; i < length; i++) to[toAt + i] = from[at + i] as number;
}

/** Of long strings, both ends are hashed. */
const HASHED_BYTES = 64;

/** A hash of `view[from, to)`: of all bytes of short strings, of the ends and the length of long ones. */
export function hashBytes(view: DataView, from: number, to: number): number {
  const length = to - from;
  if (length <= HASHED_BYTES) return spread(mixed(length, view, from, to));
  const half = HASHED_BYTES / 2;
  return spread(mixed(mixed(length, view, from, from + half), view, to - half, to));
}

function mixed(seed: number, view: DataView, from: number, to: number): number {
  let hash = seed;
  if (to - from < 4) {
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
    return hash;
  }
  for (let at = from; at < to - 4; at += 4) hash = step(hash, view.getInt32(at, true));
  return step(hash, view.getInt32(to - 4, true));
}

function step(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function spread(hash: number): number {
  const product = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return product ^ (product >>> 13);
}
