/** What can be a partition column of an event's lake. */
import type { Column } from './column.ts';

/** Parts of the event time in UTC, as the names of folders have them. */
export const TIME_PARTS: ReadonlyMap<string, (time: Date) => string> = new Map([
  ['year', (time) => String(time.getUTCFullYear()).padStart(4, '0')],
  ['month', (time) => twoDigits(time.getUTCMonth() + 1)],
  ['day', (time) => twoDigits(time.getUTCDate())],
  ['hour', (time) => twoDigits(time.getUTCHours())],
]);

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** Whether values of the column can name folders: they are there in every row, and short for the most part. */
export function isFolderColumn({ type, nullable }: Column): boolean {
  return !nullable && ['string', 'int', 'boolean', 'enum'].includes(type.kind);
}
