/** The dead letters of an event, as its commits hold them. */
import { REJECTED_PREFIX } from '../contract/names.ts';
import { listAll } from '../list-all.ts';
import type { KafkaRecord, ObjectStore } from '../ports.ts';
import { commitLog } from '../sink/commit-log.ts';
import type { DeadLetterLine } from '../sink/dead-letter.ts';
import { readDeadLetters } from './read-dead-letters.ts';

/** `<partition>-<offset>`: where the record that could not be a row lies in Kafka. */
export const letterId = ({ partition, offset }: { readonly partition: number; readonly offset: number }): string =>
  `${partition}-${offset}`;

/** Headers of a record that was sent again: the id of the letter it was, and how often it has been sent again. */
export const REPLAY_OF = 'ce_replayof';
export const REPLAY_TRY = 'ce_replaytry';

const OBJECT_NAME = /^rejected\/(\d+)-(\d+)-\d+-[0-9a-f]+\.jsonl$/;

/**
 * All dead letters that are committed, object by object. What a sink left behind without a commit comes again as a row
 * or as a letter of another object, and is left out. Memory: one object.
 */
export async function* committedLetters(lake: ObjectStore): AsyncGenerator<DeadLetterLine> {
  const log = commitLog(lake);
  for await (const { key } of listAll(lake, REJECTED_PREFIX)) {
    const [, partition, first] = OBJECT_NAME.exec(key) ?? [];
    const commit = partition === undefined ? undefined : await log.covering(Number(partition), Number(first));
    if (commit?.rejected?.key === key) {
      yield* await readDeadLetters(lake, key);
    }
  }
}

/** The record as Kafka had it. */
export function letterRecord({
  topic,
  partition,
  offset,
  timestamp,
  key,
  value,
  headers,
}: DeadLetterLine): KafkaRecord {
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: bytes(key),
    value: bytes(value),
    headers: headers.map(([name, text]) => [name, Buffer.from(text, 'base64')]),
  };
}

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

/** How often the record has been sent again already; 0 for one that a producer sent. */
export function triesOf({ headers }: DeadLetterLine): number {
  const [, text] = headers.find(([name]) => name === REPLAY_TRY) ?? [];
  const tries = text === undefined ? 0 : Number(Buffer.from(text, 'base64').toString('utf8'));
  return Number.isSafeInteger(tries) && tries > 0 ? tries : 0;
}
