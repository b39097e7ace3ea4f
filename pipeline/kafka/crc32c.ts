/** CRC-32C (Castagnoli, RFC 3720 B.4), the checksum of a record batch. */

const stepBytes = 16;
const tables = slicingTables();
const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables;

/** The checksum of `bytes` as an unsigned 32-bit number; about 1 GB/s. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~0;
  let at = 0;
  // Sixteen bytes a step ("slicing-by-16"), written out: a loop over the tables takes several times as long.
  for (const end = bytes.length - stepBytes; at <= end; at += stepBytes) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc =
      (t15[a & 0xff] ?? 0) ^
      (t14[(a >>> 8) & 0xff] ?? 0) ^
      (t13[(a >>> 16) & 0xff] ?? 0) ^
      (t12[a >>> 24] ?? 0) ^
      (t11[b & 0xff] ?? 0) ^
      (t10[(b >>> 8) & 0xff] ?? 0) ^
      (t9[(b >>> 16) & 0xff] ?? 0) ^
      (t8[b >>> 24] ?? 0) ^
      (t7[c & 0xff] ?? 0) ^
      (t6[(c >>> 8) & 0xff] ?? 0) ^
      (t5[(c >>> 16) & 0xff] ?? 0) ^
      (t4[c >>> 24] ?? 0) ^
      (t3[d & 0xff] ?? 0) ^
      (t2[(d >>> 8) & 0xff] ?? 0) ^
      (t1[(d >>> 16) & 0xff] ?? 0) ^
      (t0[d >>> 24] ?? 0);
  }
  for (; at < bytes.length; at += 1) crc = (t0[(crc ^ view.getUint8(at)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Table = Int32Array;
type Tables = readonly [
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
];

/** Table n holds the checksum of a byte with n zero bytes after it. */
function slicingTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value;
  });
  const all = [first];
  while (all.length < stepBytes) {
    const previous = all.at(-1) ?? first;
    all.push(previous.map((value) => (first[value & 0xff] ?? 0) ^ (value >>> 8)));
  }
  return all as unknown as Tables;
}
