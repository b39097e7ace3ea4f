/** What a partition's restart need not find out again. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProducerStateData } from './producer-state.ts';

export interface Checkpoint extends ProducerStateData {
  /** Everything before this offset is checked and counted in the producers. */
  readonly offset: number;
  readonly startOffset: number;
  /** Everything before this offset has been compacted at least once. */
  readonly compactedTo: number;
}

const fileName = 'checkpoint.json';

/** The last checkpoint of the log in `folder`, or the one of an empty log. */
export function readCheckpoint(folder: string): Checkpoint {
  try {
    return JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as Checkpoint;
  } catch {
    // Absent in a new folder; unreadable only after a power cut. Both mean that the log is read from its start.
    return { offset: 0, startOffset: 0, compactedTo: 0, producers: [], aborted: [] };
  }
}

/** Replaces the checkpoint at once, so that a crash leaves the old or the new one. */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, JSON.stringify(checkpoint));
  renameSync(`${path}.new`, path);
}

/** The same for all who can do without: it only makes the next start faster, so that a full disk is told, not thrown. */
export function tryWriteCheckpoint(folder: string, checkpoint: Checkpoint): void {
  try {
    writeCheckpoint(folder, checkpoint);
  } catch (error) {
    process.emitWarning(`Cannot write the checkpoint of "${folder}": ${String(error)}`);
  }
}
