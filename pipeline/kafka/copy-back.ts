/** What Snappy and LZ4 have in common: a match with what is already there. */

/**
 * Copies `length` bytes from `offset` before `end` to `end`, which may overlap: then a pattern is repeated.
 * @returns the new end.
 */
export function copyBack(output: Buffer, end: number, offset: number, length: number): number {
  if (offset === 0 || offset > end) throw new RangeError(`Cannot copy from ${offset} bytes before ${end}`);
  if (offset >= length) {
    output.copyWithin(end, end - offset, end - offset + length);
  } else {
    for (let at = end; at < end + length; at++) output[at] = output[at - offset] as number;
  }
  return end + length;
}
