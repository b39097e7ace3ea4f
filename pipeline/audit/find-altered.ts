/** Which rows of a table are not the rows of their files, when only the sum of their checksums tells that some are. */
import type { ObjectStore, OffsetRange, Warehouse, WarehouseTable } from '../ports.ts';
import type { Commit } from '../sink/commit.ts';
import { rowChecksums } from './commit-offsets.ts';

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
    suspects = parts.filter((part, index) => measures[index]?.checksum !== sumOf(checksums, part));
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
function sumOf(checksums: ReadonlyMap<number, number>, { first, next }: OffsetRange): bigint {
  let sum = 0;
  if (next - first > checksums.size) {
    for (const [offset, checksum] of checksums) {
      sum += offset >= first && offset < next ? checksum : 0;
    }
  } else {
    for (let offset = first; offset < next; offset++) {
      sum += checksums.get(offset) ?? 0;
    }
  }
  return BigInt(sum);
}
