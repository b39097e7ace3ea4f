/** Events of the run, and how a row shows that it is one of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

/** Folders below `schemas/`. */
export const EVENTS = ['ticket_sold', 'meter_read'] as const;
export const SCHEMAS_DIR = join(import.meta.dirname, 'schemas');

const KEY_FIELDS = { ticket_sold: 'ticket_id', meter_read: 'meter' } as const;
const MESSAGES = { ticket_sold: 'TicketSold', meter_read: 'MeterRead' } as const;

/** Folders of the lake of one of the events. */
const REGIONS = ['north', 'south', 'west'];

export type TestEvent = (typeof EVENTS)[number];

/** The payload as JSON. Each attempt has an id of its own, so that a repeated one is another event. */
export function payload(event: TestEvent, id: string, number: number): Record<string, unknown> {
  const region = REGIONS[number % REGIONS.length];
  return {
    [KEY_FIELDS[event]]: `key ${number % 100}`,
    number,
    note: `note of ${id}`,
    ...(event === 'meter_read' && { region }),
  };
}

/** True of a row that is not as it was sent. */
export const SPOILT_SQL = "note IS DISTINCT FROM 'note of ' || _id";

/** Encodes payloads without any code of the pipeline's. */
export function protobufEncoder(event: TestEvent): (data: Record<string, unknown>) => Uint8Array {
  const { root } = protobuf.parse(readFileSync(join(SCHEMAS_DIR, event, 'v1.proto'), 'utf8'), { keepCase: true });
  const type = root.lookupType(MESSAGES[event]);
  return (data) => type.encode(type.fromObject(data)).finish();
}
