/** A producer that sends CloudEvents in batches over HTTP. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosHost } from './chaos-host.ts';
import { between, type Random } from './random.ts';
import type { RecordBook } from './record-book.ts';
import { payload, type TestEvent } from './test-event.ts';

export interface ClientOptions {
  readonly name: string;
  readonly event: TestEvent;
  readonly random: Random;
  readonly host: ChaosHost;
  readonly book: RecordBook;
  readonly signal: AbortSignal;
}

type RecordAnswer =
  | { readonly partition: number; readonly offset: number }
  | { readonly queued: true }
  | { readonly error: { readonly status: number } };

const BATCH_MAX = 60;
const PAUSE_MS = { min: 50, max: 250 };
const INVALID_SHARE = 0.02;
const QUEUED_SHARE = 0.3;
const ANSWER_MS_MAX = 10_000;
const UNPROCESSABLE = 422;
/** What an API answers when something behind it fails: the client cannot know what was stored. */
const UNAVAILABLE_FROM = 500;

/** Sends until the signal; an attempt that is not acknowledged is not repeated under its id. */
export async function sendOverHttp(options: ClientOptions): Promise<void> {
  const { name, random, host, signal } = options;
  for (let sent = 0; !signal.aborted; ) {
    const places = host.places;
    if (places !== undefined) {
      const batch = Array.from({ length: between(random, 1, BATCH_MAX) }, () => ({
        id: `${name}-${sent++}`,
        number: sent,
        isValid: random() >= INVALID_SHARE,
      }));
      const prefer = random() < QUEUED_SHARE ? { prefer: 'respond-async' } : undefined;
      await sendBatch(places.ingestUrl, prefer, batch, options);
    }
    await sleep(between(random, PAUSE_MS.min, PAUSE_MS.max));
  }
}

interface Sent {
  readonly id: string;
  readonly number: number;
  readonly isValid: boolean;
}

async function sendBatch(
  url: string,
  prefer: { readonly prefer: string } | undefined,
  batch: readonly Sent[],
  { event, book }: ClientOptions,
): Promise<void> {
  const body = batch.map(({ id, number, isValid }) => ({
    specversion: '1.0',
    id,
    source: '/chaos/http',
    type: event,
    data: { ...payload(event, id, number), ...(!isValid && { number: 'many' }) },
  }));
  const answers = await post(url, prefer, JSON.stringify(body));
  if (answers === undefined) {
    book.unanswered += batch.length;
    return;
  }
  for (const [index, { id, isValid }] of batch.entries()) {
    const answer = answers[index];
    if (answer === undefined) {
      book.surprises.push(`${id}: the answer has ${answers.length} records for ${batch.length} events`);
    } else if (!('error' in answer)) {
      if ('queued' in answer) book.queued.push({ event, id });
      else book.acknowledged.push({ event, id, ...answer, fate: 'row' });
      if (!isValid) book.surprises.push(`${id}: an invalid event was accepted`);
    } else if (answer.error.status === UNPROCESSABLE && !isValid) {
      book.refused++;
    } else {
      book.unanswered++;
      if (answer.error.status < UNAVAILABLE_FROM)
        book.surprises.push(`${id}: refused: ${JSON.stringify(answer.error)}`);
    }
  }
}

/** The answers by record; undefined when there are none. */
async function post(
  url: string,
  prefer: { readonly prefer: string } | undefined,
  body: string,
): Promise<RecordAnswer[] | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json', ...prefer },
      body,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return ((await response.json()) as { readonly records?: RecordAnswer[] }).records;
  } catch {
    // The host was killed, or a function was.
    return undefined;
  }
}
