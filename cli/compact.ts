/** `headrace compact`: the small files of commits that have settled become large ones. */
import { COMPACT_LIMITS, compactLake } from '../pipeline/compact/compact.ts';
import { connectEvent, type Place } from './connect-event.ts';
import { textTable } from './text-table.ts';

export interface CompactCommand {
  readonly event: string;
  readonly place: Place;
  /** Commits younger than this are left alone, in milliseconds; older ones wait for no more to merge with. */
  readonly settledAfterMs: number | undefined;
}

/** @returns the exit code, 0. */
export async function compact({ event, place, settledAfterMs }: CompactCommand): Promise<number> {
  const connection = await connectEvent(event, place);
  try {
    const age = settledAfterMs === undefined ? {} : { settledAfterMs, waitsUntilMs: settledAfterMs };
    const made = await compactLake(
      { ...connection, now: Date.now, timeLeftMs: () => Number.POSITIVE_INFINITY },
      { ...COMPACT_LIMITS, ...age },
    );
    if (made.length === 0) {
      console.log(`${event}: no settled commits to merge.`);
      return 0;
    }
    const inOrder = made.toSorted((a, b) => a.partition - b.partition || a.start - b.start);
    const rows = inOrder.map(({ partition, start, next, commits, files, rows: count }) => {
      const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000;
      return [partition, `${start} to ${next - 1}`, commits, files.length, megabytes.toFixed(2), count];
    });
    console.log(textTable(['partition', 'offsets', 'commits', 'files', 'MB', 'rows'], rows));
    return 0;
  } finally {
    await connection.close();
  }
}
