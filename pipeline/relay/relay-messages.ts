/** The relay: what waits in the queue is written to Kafka. */
import type { EventProducer, OutgoingRecord, ProduceResult } from '../ports.ts';
import { unpackRecords } from './relay-message.ts';

export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
}

export interface RelayOutcome {
  /** Records of the messages that did not fail. */
  readonly relayed: number;
  /** These messages come again. */
  readonly failures: ReadonlyArray<{ readonly id: string; readonly error: Error }>;
}

/**
 * Writes the records of all messages in one call, so that those of many clients become large batches.
 *
 * Delivery: at least once. A message fails as a whole when one of its records does, and then comes again with all of
 * them: records that were stored have a second copy with the same `id`.
 */
export async function relayMessages(
  messages: readonly QueuedMessage[],
  producer: EventProducer,
): Promise<RelayOutcome> {
  const unpacked = messages.map(unpack);
  const records = unpacked.flatMap((message) => ('records' in message ? message.records : []));
  const results = (records.length > 0 ? await producer.produce(records) : []).values();
  const outcomes = unpacked.map((message) => {
    if ('error' in message) {
      return message;
    }
    const own = message.records.map(() => results.next().value as ProduceResult);
    const failed = own.find((result) => 'error' in result);
    return failed ? { id: message.id, error: failed.error } : { id: message.id, count: own.length };
  });
  return {
    relayed: outcomes.reduce((sum, outcome) => sum + ('count' in outcome ? outcome.count : 0), 0),
    failures: outcomes.flatMap((outcome) => ('error' in outcome ? [outcome] : [])),
  };
}

type Unpacked = { readonly id: string } & ({ readonly records: OutgoingRecord[] } | { readonly error: Error });

function unpack({ id, body }: QueuedMessage): Unpacked {
  try {
    return { id, records: unpackRecords(body) };
  } catch (error) {
    return { id, error: error as Error };
  }
}
