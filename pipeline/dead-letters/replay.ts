/** Sending dead letters through the pipeline again, each at most once. */
import type { CatalogEntry, EventProducer, KafkaRecord, ObjectStore, OutgoingRecord, TopicReader } from '../ports.ts';
import type { DeadLetterLine } from '../sink/dead-letter.ts';
import type { Refusal } from '../sink/record-reader.ts';
import { rowEncoder } from '../sink/row-encoder.ts';
import { type Attempt, decide, noteSent, readDecisions } from './decision-log.ts';
import { committedLetters, letterId, letterRecord, REPLAY_OF, REPLAY_TRY, triesOf } from './letter.ts';
import { resolveDecisions } from './resolve-decisions.ts';

export interface ReplayPorts extends CatalogEntry {
  readonly lake: ObjectStore;
  readonly reader: TopicReader;
  readonly producer: EventProducer;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Who replays. */
  readonly by: string;
}

export interface ReplayOptions {
  /** Which of the open letters. */
  readonly filter: (letter: DeadLetterLine) => boolean;
  /** Also those that the current contract refuses. @default false */
  readonly all?: boolean;
  /** Says what would be sent, and writes nothing. @default false */
  readonly dryRun?: boolean;
  /** A record that came back as a letter this often stays one. @default 3 */
  readonly triesMax?: number;
}

export interface ReplayReport {
  /** Records that are in Kafka now; in a dry run, that would be. */
  readonly sent: number;
  /** Records that an earlier run had sent, and died before it could note it. */
  readonly found: number;
  /** Letters that are left as they are, and why: refused by the contract, too often sent, being sent by another run. */
  readonly left: ReadonlyMap<string, number>;
  /** Letters that Kafka did not acknowledge: they may be stored, which the next run but ten minutes finds out. */
  readonly failures: ReadonlyArray<{ readonly id: string; readonly error: Error }>;
}

const TRIES_MAX = 3;
const BATCH_LETTERS = 100;
/**
 * A run gives a batch up that it has not begun to send a minute after its decision, and whoever finds a decision
 * without a note leaves it alone for ten: so the two cannot both send.
 */
const SEND_WITHIN_MS = 60_000;

/**
 * Sends letters to their topic and partition with their own key, value and headers, and two headers more: which letter
 * this is, and how often it was sent again. A row that comes of it has the identity of its new place in Kafka.
 *
 * Delivery: each letter at most once, also when runs overlap, are repeated or die; after a run that died the next one
 * looks in Kafka for what is not noted, and sends what is not there. A run that is stopped for ten minutes between its
 * last look at the clock and its sending would break this.
 * Memory: a batch, one rejected object, an entry for each decided letter.
 */
export async function replayLetters(ports: ReplayPorts, options: ReplayOptions): Promise<ReplayReport> {
  const { lake, contract, schemaVersionIds } = ports;
  const { states, unresolved } = await readDecisions(lake);
  const resolved = options.dryRun ? NOTHING_RESOLVED : await resolveDecisions(unresolved, ports);
  const refusal = refusals(contract, schemaVersionIds);
  const run = { sent: 0, failures: [] as Array<{ id: string; error: Error }>, left: new Map<string, number>() };
  const leave = (why: string): void => {
    run.left.set(why, (run.left.get(why) ?? 0) + 1);
  };
  let batch: DeadLetterLine[] = [];
  const flush = async (): Promise<void> => {
    if (options.dryRun) {
      run.sent += batch.length;
    } else if (batch.length > 0) {
      await sendBatch(batch, resolved.retry, ports, run, leave);
    }
    batch = [];
  };
  for await (const letter of committedLetters(lake)) {
    const id = letterId(letter);
    const isOpen = !states.has(id) || resolved.retry.has(id);
    if (!isOpen || !options.filter(letter)) {
      if (resolved.waiting.has(id) && options.filter(letter)) leave(resolved.waiting.get(id) as string);
      continue;
    }
    const reason = keptBack(letter, options, refusal);
    if (reason === undefined) {
      batch.push(letter);
    } else {
      leave(reason);
    }
    if (batch.length === BATCH_LETTERS) {
      await flush();
    }
  }
  await flush();
  return { ...run, found: resolved.found };
}

const NOTHING_RESOLVED: Awaited<ReturnType<typeof resolveDecisions>> = {
  found: 0,
  retry: new Map(),
  waiting: new Map(),
};

/** @returns why the letter is not sent. */
function keptBack(
  letter: DeadLetterLine,
  { all = false, triesMax = TRIES_MAX }: ReplayOptions,
  refusal: (record: KafkaRecord) => Refusal | undefined,
): string | undefined {
  if (letter.value === null) {
    return 'NULL_VALUE: a record without a value has nothing to send';
  }
  if (triesOf(letter) >= triesMax) {
    return `sent again ${triesMax} times already; --tries allows more`;
  }
  const refused = all ? undefined : refusal(letterRecord(letter));
  return refused && `${refused.code}: ${refused.reason}`;
}

/** What the current contract says of records. */
function refusals(
  contract: CatalogEntry['contract'],
  schemaVersionIds: readonly string[],
): (record: KafkaRecord) => Refusal | undefined {
  const rows = rowEncoder(contract, schemaVersionIds);
  let checked = 0;
  return (record) => {
    // The encoder keeps the rows, which nobody will write.
    if (++checked % BATCH_LETTERS === 0) {
      rows.reset();
    }
    return rows.add(record);
  };
}

async function sendBatch(
  batch: readonly DeadLetterLine[],
  retry: ReadonlyMap<string, Attempt>,
  ports: ReplayPorts,
  run: { sent: number; failures: Array<{ id: string; error: Error }> },
  leave: (why: string) => void,
): Promise<void> {
  const { lake, reader, producer, contract, now, by } = ports;
  const ends = new Map((await reader.offsets(contract.topic.name)).map(({ partition, high }) => [partition, high]));
  const started = now();
  const decided: DeadLetterLine[] = [];
  for (const letter of batch) {
    const before = retry.get(letterId(letter));
    const from = before?.decision.from ?? ends.get(letter.partition) ?? 0;
    const decision = { format: 1, decision: 'replay', by, at: new Date(started).toISOString(), from } as const;
    const number = before ? before.number + 1 : 0;
    if ((await decide(lake, letterId(letter), decision, number)) === 'decided') {
      decided.push(letter);
    } else {
      leave('another run has just decided about it');
    }
  }
  if (now() - started > SEND_WITHIN_MS) {
    const error = new Error('Cannot send: deciding took longer than a minute; run it again in ten minutes');
    run.failures.push(...decided.map((letter) => ({ id: letterId(letter), error })));
    return;
  }
  const results = await producer.produce(decided.map((letter) => outgoing(letter, contract.topic.name, now())));
  for (const [index, letter] of decided.entries()) {
    const id = letterId(letter);
    const result = results[index];
    if (result && 'offset' in result) {
      await noteSent(lake, id, result.offset);
      run.sent++;
    } else {
      run.failures.push({ id, error: result?.error ?? new Error('Kafka gave no answer') });
    }
  }
}

/** The time of the event does not change: a record without one has the time at which Kafka first got it, if it is one. */
function outgoing(letter: DeadLetterLine, topic: string, timestamp: number): OutgoingRecord {
  const { partition, key, value, headers } = letterRecord(letter);
  const received = new Date(letter.timestamp);
  return {
    topic,
    partition,
    key,
    value: value ?? new Uint8Array(),
    headers: {
      ...(Number.isFinite(received.getTime()) && { ce_time: received.toISOString() }),
      ...Object.fromEntries(headers),
      [REPLAY_OF]: letterId(letter),
      [REPLAY_TRY]: String(triesOf(letter) + 1),
    },
    timestamp,
  };
}
