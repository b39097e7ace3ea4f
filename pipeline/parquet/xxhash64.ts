/** xxHash64 with seed 0 (Cyan4973/xxHash `doc/xxhash_spec.md`), the hash of Parquet's Bloom filters. */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const STRIPE = 32;

/** Hashes `bytes[from, to)` to an unsigned 64-bit integer. Every sum and product is cut to 64 bits, which V8 inlines. */
export function xxhash64(bytes: Uint8Array, from: number, to: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = from;
  let hash = P5;
  if (to - from >= STRIPE) {
    const lanes = [u64(P1 + P2), P2, 0n, u64(-P1)];
    for (; at + STRIPE <= to; at += STRIPE) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i] as bigint, view.getBigUint64(at + i * 8, true));
    }
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes;
    hash = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of lanes) hash = u64(u64((hash ^ round(0n, lane)) * P1) + P4);
  }
  hash = u64(hash + BigInt(to - from));
  for (; at + 8 <= to; at += 8) {
    hash = u64(u64(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1) + P4);
  }
  if (at + 4 <= to) {
    hash = u64(u64(rotate(hash ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2) + P3);
    at += 4;
  }
  for (; at < to; at++) hash = u64(rotate(hash ^ u64(BigInt(bytes[at] as number) * P5), 11n) * P1);
  return avalanche(hash);
}

function avalanche(value: bigint): bigint {
  let hash = u64((value ^ (value >> 33n)) * P2);
  hash = u64((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

function round(lane: bigint, input: bigint): bigint {
  return u64(rotate(u64(lane + u64(input * P2)), 31n) * P1);
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
