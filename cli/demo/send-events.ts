/** A client of the ingest API: CloudEvents in batches over HTTP, sent again when the answer says so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command-error.ts';
import type { DataSet, DemoEvent } from './data-set.ts';

export interface Sent {
  readonly accepted: number;
  readonly rejected: number;
  /** The first refusals, for a person to read. */
  readonly refusals: readonly string[];
  readonly seconds: number;
  /** Acknowledged offsets of each partition. */
  readonly offsets: ReadonlyMap<number, readonly number[]>;
}

type RecordAnswer =
  | { readonly partition: number; readonly offset: number }
  | { readonly error: { readonly status: number; readonly detail: string } };

const BATCH_EVENTS = 1_000;
/** As many as the laptop host runs proxies. */
const CONNECTIONS = 2;
const TRIES_MAX = 10;
const RETRY_MS = 500;
const REFUSALS_SHOWN = 5;
/** Characters: an answer has a part for each event. */
const ANSWER_SHOWN = 500;
const UNAVAILABLE = 503;
/** Of a batch in which no record is right. */
const UNPROCESSABLE = 422;

/** Sends every event of the data set; `onProgress` gets the number answered so far. */
export async function sendEvents(
  ingestUrl: string,
  set: DataSet,
  onProgress: (answered: number) => void,
): Promise<Sent> {
  const offsets = new Map<number, number[]>();
  const refusals: string[] = [];
  let [accepted, rejected, position] = [0, 0, 0];
  const started = performance.now();

  async function sendNext(): Promise<void> {
    while (position < set.size) {
      const start = position;
      position = Math.min(start + BATCH_EVENTS, set.size);
      const batch = Array.from({ length: position - start }, (_, index) => set.eventAt(start + index));
      for (const record of await sendBatch(ingestUrl, set, batch)) {
        if ('error' in record) {
          rejected++;
          refusals.push(record.error.detail);
          continue;
        }
        accepted++;
        const acknowledged = offsets.get(record.partition);
        acknowledged ? acknowledged.push(record.offset) : offsets.set(record.partition, [record.offset]);
      }
      onProgress(accepted + rejected);
    }
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, sendNext));
  const seconds = (performance.now() - started) / 1000;
  return { accepted, rejected, refusals: refusals.slice(0, REFUSALS_SHOWN), seconds, offsets };
}

/** Sends again what could not be stored. @throws Error when the API does not answer, or refuses the batch whole. */
async function sendBatch(ingestUrl: string, set: DataSet, events: readonly DemoEvent[]): Promise<RecordAnswer[]> {
  const answers: RecordAnswer[] = [];
  let pending = [...events.keys()];
  for (let attempt = 1; ; attempt++) {
    const records = await post(
      ingestUrl,
      set,
      pending.map((index) => events[index] as DemoEvent),
    );
    for (const [position, index] of pending.entries()) {
      answers[index] = records[position] as RecordAnswer;
    }
    pending = pending.filter((_, position) => isUnavailable(records[position] as RecordAnswer));
    if (pending.length === 0 || attempt === TRIES_MAX) {
      return answers;
    }
    await sleep(RETRY_MS);
  }
}

const isUnavailable = (answer: RecordAnswer): boolean => 'error' in answer && answer.error.status === UNAVAILABLE;

async function post(ingestUrl: string, set: DataSet, events: readonly DemoEvent[]): Promise<RecordAnswer[]> {
  const { event: type, source } = set;
  const response = await fetch(ingestUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events.map(({ id, data }) => ({ specversion: '1.0', id, source, type, data }))),
  });
  const text = await response.text();
  if (response.status === UNAVAILABLE) {
    return events.map(() => ({ error: { status: UNAVAILABLE, detail: text } }));
  }
  if (!response.ok && response.status !== UNPROCESSABLE) {
    const answer = text.length > ANSWER_SHOWN ? `${text.slice(0, ANSWER_SHOWN)} ...` : text;
    throw new CommandError(`Cannot send ${events.length} events: the API answered ${response.status} ${answer}`);
  }
  return (JSON.parse(text) as { readonly records: RecordAnswer[] }).records;
}
