/** What can be a partition column of an event's lake. */
import type { Column } from './column.ts';

/** Parts of the event time in UTC, and which characters of ISO 8601 they are. */
export const TIME_PARTS: ReadonlyMap<string, readonly [from: number, to: number]> = new Map([
  ['year', [0, 4]],
  ['month', [5, 7]],
  ['day', [8, 10]],
  ['hour', [11, 13]],
]);

/** Whether values of the column can name folders: they are there in every row, and short for the most part. */
export function isFolderColumn({ type, nullable }: Column): boolean {
  return !nullable && ['string', 'int', 'boolean', 'enum'].includes(type.kind);
}
