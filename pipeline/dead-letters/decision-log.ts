/**
 * What was decided about each dead letter, in the lake.
 *
 * Invariants:
 * - A letter has one decision, created with `If-None-Match: *`: to be sent again, or to be discarded. It never changes.
 * - A record is sent to Kafka only after its decision, and where it lies is noted only after Kafka's answer. So a
 *   decision without a note is the only doubt there is, and Kafka from the decision's watermark on resolves it.
 * - Who has found that it was not sent decides anew under the next number, which again only one can do.
 */
import { REPLAY_PREFIX } from '../contract/names.ts';
import { UnknownFormatError } from '../errors.ts';
import { listAll } from '../list-all.ts';
import type { ObjectStore } from '../ports.ts';

export type Decision = ReplayDecision | DiscardDecision;

interface DecisionOrigin {
  readonly format: 1;
  /** Who decided. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface ReplayDecision extends DecisionOrigin {
  readonly decision: 'replay';
  /** The first offset of the letter's partition at which its record can be: also that of a run before that died. */
  readonly from: number;
}

/** The last decision to send a letter, and its number, from 0. */
export interface Attempt {
  readonly number: number;
  readonly decision: ReplayDecision;
}

export interface DiscardDecision extends DecisionOrigin {
  readonly decision: 'discard';
  readonly reason: string;
}

export type LetterState = 'open' | 'sending' | 'replayed' | 'discarded';

/** Of every letter about which something was decided, by its id. */
export interface DecidedLetters {
  readonly states: ReadonlyMap<string, Exclude<LetterState, 'open'>>;
  /** Of those that are `sending`. */
  readonly unresolved: ReadonlyMap<string, Attempt>;
}

const DECISION_KEY = /^replays\/(\d+)\/(\d+)(?:\.(\d+|sent))?\.json$/;

const keyOf = (id: string, suffix = ''): string => `${REPLAY_PREFIX}${id.replace('-', '/')}${suffix}.json`;
const attemptKey = (id: string, number: number): string => keyOf(id, number === 0 ? '' : `.${number}`);

/**
 * @param number of the attempt: one more than that of the run that died.
 * @returns whether this is the decision, or `taken` when there was one before. Atomic.
 */
export async function decide(
  lake: ObjectStore,
  id: string,
  decision: Decision,
  number = 0,
): Promise<'decided' | 'taken'> {
  const outcome = await lake.putIfAbsent(attemptKey(id, number), Buffer.from(JSON.stringify(decision)));
  return outcome === 'created' ? 'decided' : 'taken';
}

/** Notes where the record lies. Repeating it changes nothing. */
export async function noteSent(lake: ObjectStore, id: string, offset: number): Promise<void> {
  await lake.putIfAbsent(keyOf(id, '.sent'), Buffer.from(JSON.stringify({ format: 1, offset })));
}

/**
 * Memory: an entry for each letter that was decided. Reads the decisions that are not known to be sent.
 * @throws UnknownFormatError when one cannot be read.
 */
export async function readDecisions(lake: ObjectStore): Promise<DecidedLetters> {
  const states = new Map<string, Exclude<LetterState, 'open'>>();
  const attempts = new Map<string, number>();
  for await (const { id, suffix } of decisionKeys(lake)) {
    if (suffix === 'sent') {
      states.set(id, 'replayed');
    } else {
      attempts.set(id, Math.max(attempts.get(id) ?? 0, Number(suffix ?? 0)));
    }
  }
  const unresolved = new Map<string, Attempt>();
  for (const [id, number] of attempts) {
    if (states.has(id)) {
      continue;
    }
    const decision = await readDecision(lake, attemptKey(id, number));
    states.set(id, decision.decision === 'discard' ? 'discarded' : 'sending');
    if (decision.decision === 'replay') {
      unresolved.set(id, { number, decision });
    }
  }
  return { states, unresolved };
}

/**
 * Ids of the letters about which anything was decided, also those in doubt. Looks at keys alone, however many letters
 * there are. Memory: an entry for each of them.
 */
export async function decidedIds(lake: ObjectStore): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { id } of decisionKeys(lake)) ids.add(id);
  return ids;
}

/** @returns of each object the letter's id, and what stands behind it in the key: a number of an attempt, or `sent`. */
async function* decisionKeys(lake: ObjectStore): AsyncGenerator<{ id: string; suffix: string | undefined }> {
  for await (const { key } of listAll(lake, REPLAY_PREFIX)) {
    const [, partition, offset, suffix] = DECISION_KEY.exec(key) ?? [];
    if (partition !== undefined) yield { id: `${partition}-${offset}`, suffix };
  }
}

async function readDecision(lake: ObjectStore, key: string): Promise<Decision> {
  const text = Buffer.from(await lake.get(key)).toString('utf8');
  try {
    const decision = JSON.parse(text) as Decision;
    if (decision.format === 1) {
      return decision;
    }
  } catch {
    // Refused below, as every other content is.
  }
  throw new UnknownFormatError(`the decision "${key}"`, 'it is none, or one of a newer format; use the newer program');
}
