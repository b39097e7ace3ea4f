/** The tutorial's event, as producers send it, and a world to send it into. */
import { join } from 'node:path';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { loadContract } from '../../../pipeline/contract/load-contract.ts';
import { type IngestPorts, ingest } from '../../../pipeline/ingest/ingest.ts';
import type { CatalogEntry } from '../../../pipeline/ports.ts';
import { type MemoryProducer, memoryProducer } from '../ports/memory-producer.ts';

const SCHEMAS = join(import.meta.dirname, '../../../schemas');
export const ORDER_VERSION_ID = '0f3a2b1c-1111-4222-8333-444455556666';
export const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

export const orderContract: CompiledContract = loadContract(join(SCHEMAS, 'order_created'));
const flightContract: CompiledContract = loadContract(join(SCHEMAS, 'flight_departed'));

export const orderData = (changes: object = {}): object => ({
  order_id: 'o-1',
  customer_id: 7,
  placed_at: '2026-11-20T11:59:59.123456Z',
  channel: 'WEB',
  ...changes,
});

export const orderEvent = (changes: object = {}, attributes: object = {}): object => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/shop',
  type: 'order_created',
  data: orderData(changes),
  ...attributes,
});

export const flightEvent = (): object => ({
  specversion: '1.0',
  id: 'f-1',
  source: '/airport',
  type: 'flight_departed',
  data: { delay_minutes: -3, distance_miles: 500, departure_hour: 7.5 },
});

export interface IngestWorld extends IngestPorts {
  readonly producer: MemoryProducer;
}

/** A catalog of two events, and an empty Kafka. @param changes to both contracts */
export function ingestWorld(changes: Partial<CompiledContract> = {}): IngestWorld {
  const entries = new Map<string, CatalogEntry>(
    [orderContract, flightContract].map((contract) => [
      contract.event,
      { contract: { ...contract, ...changes }, schemaVersionIds: [ORDER_VERSION_ID] },
    ]),
  );
  const catalog = { find: async (event: string) => entries.get(event) };
  return { catalog, producer: memoryProducer(), now: () => NOW, random: () => 0.5 };
}

export const SINGLE = 'application/cloudevents+json';
export const BATCH = 'application/cloudevents-batch+json';

/** What a client reads. */
export interface Answer {
  readonly type?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly errors?: ReadonlyArray<{ readonly code: string; readonly path: string; readonly detail: string }>;
  readonly partition?: number;
  readonly offset?: number;
  readonly accepted?: number;
  readonly rejected?: number;
  readonly records?: ReadonlyArray<{ readonly partition?: number; readonly offset?: number; readonly error?: Answer }>;
}

/** Sends a request; a value becomes JSON, text and bytes go as they are. */
export async function post(
  world: IngestPorts,
  contentType: string,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<{
  status: number;
  headers: Readonly<Record<string, string>>;
  answer: Answer;
  text: string;
  counts: object;
  faults: readonly string[];
}> {
  const raw = typeof value === 'string' || value instanceof Uint8Array;
  const body = Buffer.from(raw ? (value as string) : JSON.stringify(value));
  const response = await ingest({ headers: { 'content-type': contentType, ...headers }, body }, world);
  const { status, counts, faults, body: text } = response;
  return { status, headers: response.headers, answer: JSON.parse(text) as Answer, text, counts, faults };
}

export const problemType = (code: string): string => `urn:headrace:problem:${code}`;
