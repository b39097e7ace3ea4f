/** Dead letters at a glance: how many for which reason, and where. */
import type { ObjectStore } from '../ports.ts';
import type { DeadLetterCode } from '../sink/dead-letter.ts';
import { type LetterState, readDecisions } from './decision-log.ts';
import { committedLetters, letterId } from './letter.ts';

/** Letters of one code and reason. */
export interface LetterGroup {
  readonly code: DeadLetterCode;
  readonly reason: string;
  readonly counts: Readonly<Record<LetterState, number>>;
  /** Ids of some of the letters that are open, oldest objects first. */
  readonly samples: readonly string[];
  /** Kafka timestamps, in milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
}

const SAMPLES_MAX = 3;
/** Reasons tell no values, so there are few; should there be many, the rest is counted together. */
const GROUPS_MAX = 1_000;
const OTHER_REASONS = '(other reasons)';

interface Group extends LetterGroup {
  readonly counts: Record<LetterState, number>;
  readonly samples: string[];
  first: number;
  last: number;
}

/** The largest group of open letters first. Memory: the groups, and an entry for each decided letter. */
export async function groupLetters(lake: ObjectStore): Promise<LetterGroup[]> {
  const { states } = await readDecisions(lake);
  const groups = new Map<string, Group>();
  for await (const letter of committedLetters(lake)) {
    const group = groupOf(groups, letter.code, letter.reason, letter.timestamp);
    const state = states.get(letterId(letter)) ?? 'open';
    group.counts[state]++;
    group.first = Math.min(group.first, letter.timestamp);
    group.last = Math.max(group.last, letter.timestamp);
    if (state === 'open' && group.samples.length < SAMPLES_MAX) {
      group.samples.push(letterId(letter));
    }
  }
  return [...groups.values()].sort((a, b) => b.counts.open - a.counts.open);
}

function groupOf(groups: Map<string, Group>, code: DeadLetterCode, reason: string, timestamp: number): Group {
  const known = groups.get(`${code} ${reason}`);
  if (known) {
    return known;
  }
  if (groups.size >= GROUPS_MAX && reason !== OTHER_REASONS) {
    return groupOf(groups, code, OTHER_REASONS, timestamp);
  }
  const counts = { open: 0, sending: 0, replayed: 0, discarded: 0 };
  const group: Group = { code, reason, counts, samples: [], first: timestamp, last: timestamp };
  groups.set(`${code} ${reason}`, group);
  return group;
}
