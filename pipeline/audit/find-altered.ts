/** Which rows of a table are not the rows of their files, when only sums over many of them tell that some are. */
import type { ObjectStore, OffsetRange, RangeMeasure, Warehouse, WarehouseTable } from '../ports.ts';
import type { Commit } from '../sink/commit.ts';
import { placedChecksum, rowChecksums } from './commit-offsets.ts';

const PARTS = 64;

/**
 * Narrows the range down by measuring parts of it, and of those that differ their parts.
 * @returns offsets, ascending; empty when the files cannot be read.
 */
export async function findAltered(
  range: OffsetRange,
  commit: Commit,
  ports: { readonly lake: ObjectStore; readonly warehouse: Warehouse; readonly table: WarehouseTable },
): Promise<number[]> {
  const checksums = await rowChecksums(ports.lake, commit);
  if (!checksums) {
    return [];
  }
  let suspects: OffsetRange[] = [range];
  while (suspects.some(({ first, next }) => next - first > 1)) {
    const parts = suspects.flatMap(split);
    const measures = await ports.warehouse.measure(ports.table, parts);
    suspects = parts.filter((part, index) => {
      const { checksum, placed } = sumsOf(checksums, part);
      return measures[index]?.checksum !== checksum || measures[index]?.placed !== placed;
    });
  }
  return suspects.map(({ first }) => first);
}

function split({ partition, first, next }: OffsetRange): OffsetRange[] {
  const size = Math.ceil((next - first) / PARTS);
  const parts: OffsetRange[] = [];
  for (let begin = first; begin < next; begin += size) {
    parts.push({ partition, first: begin, next: Math.min(begin + size, next) });
  }
  return parts;
}

/** Goes through the offsets or through the rows, whichever are fewer: a gap may be of billions. */
function sumsOf(
  checksums: ReadonlyMap<number, number>,
  { first, next }: OffsetRange,
): Pick<RangeMeasure, 'checksum' | 'placed'> {
  const offsets =
    next - first > checksums.size
      ? [...checksums.keys()].filter((offset) => offset >= first && offset < next)
      : Array.from({ length: next - first }, (_, index) => first + index);
  const sums = { checksum: 0n, placed: 0n };
  for (const offset of offsets) {
    const checksum = checksums.get(offset) ?? 0;
    sums.checksum += BigInt(checksum);
    sums.placed += placedChecksum(offset, checksum);
  }
  return sums;
}
