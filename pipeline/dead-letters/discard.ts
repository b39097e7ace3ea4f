/** Deciding that dead letters stay dead letters. */
import type { ObjectStore } from '../ports.ts';
import type { DeadLetterLine } from '../sink/dead-letter.ts';
import { decide, readDecisions } from './decision-log.ts';
import { committedLetters, letterId } from './letter.ts';

export interface DiscardOptions {
  readonly filter: (letter: DeadLetterLine) => boolean;
  /** For those who ask later. */
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Records the decision for each open letter that the filter takes; nothing is deleted. Repeating it changes nothing.
 * @returns how many letters it was decided for.
 */
export async function discardLetters(lake: ObjectStore, { filter, reason, by, now }: DiscardOptions): Promise<number> {
  const { states } = await readDecisions(lake);
  const decision = { format: 1, decision: 'discard', reason, by, at: new Date(now).toISOString() } as const;
  let discarded = 0;
  for await (const letter of committedLetters(lake)) {
    const id = letterId(letter);
    if (!states.has(id) && filter(letter) && (await decide(lake, id, decision)) === 'decided') {
      discarded++;
    }
  }
  return discarded;
}
