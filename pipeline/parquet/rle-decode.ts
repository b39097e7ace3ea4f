/** Reads Parquet's RLE / bit-packing hybrid. */

const GROUP = 8;

/**
 * Reads `count` values of `width` bits from the bytes, which may hold more: the last packed run is padded.
 * @throws RangeError where the bytes end before the values do
 */
export function decodeRle(bytes: Uint8Array, width: number, count: number): Int32Array {
  const values = new Int32Array(count);
  let at = 0;
  let filled = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw tooShort(filled, count);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  while (filled < count) {
    const header = varint();
    if (header % 2 === 0) {
      const size = Math.ceil(width / 8);
      if (at + size > bytes.length || header === 0) throw tooShort(filled, count);
      let value = 0;
      for (let i = 0; i < size; i++) value |= (bytes[at++] as number) << (8 * i);
      const end = Math.min(count, filled + header / 2);
      values.fill(value, filled, end);
      filled = end;
    } else {
      const groups = (header - 1) / 2;
      if (at + groups * width > bytes.length || groups === 0) throw tooShort(filled, count);
      const end = Math.min(count, filled + groups * GROUP);
      unpack(bytes, at, width, values, filled, end);
      at += groups * width;
      filled = end;
    }
  }
  return values;
}

function unpack(bytes: Uint8Array, from: number, width: number, values: Int32Array, first: number, end: number): void {
  const mask = 2 ** width - 1;
  let at = from;
  let pending = 0;
  let pendingBits = 0;
  for (let i = first; i < end; i++) {
    for (; pendingBits < width; pendingBits += 8) pending |= (bytes[at++] as number) << pendingBits;
    values[i] = pending & mask;
    pending >>>= width;
    pendingBits -= width;
  }
}

const tooShort = (filled: number, count: number): RangeError =>
  new RangeError(`Cannot read "${count}" levels or indexes: the bytes end after ${filled}`);
