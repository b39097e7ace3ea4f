/** A message that says everything once: what Protobuf's merging rules make of one that does not. */
import type { Field, MessageType } from '../contract/message.ts';
import { ByteBuffer } from '../parquet/byte-buffer.ts';
import { mapEntryKey } from './map-entry-key.ts';
import { WireCursor, WireType } from './wire-cursor.ts';

/** Part of the bytes: `tagAt` where its tag begins, `from` where its content does, behind a length. */
interface Occurrence {
  readonly tagAt: number;
  readonly from: number;
  readonly to: number;
  readonly wireType: number;
}

/**
 * Rewrites a message so that each singular field occurs once (the last value counts, sub-messages are merged), of each
 * oneof one member is left, and of each map key one entry. Unknown fields are left out. Takes time linear in the bytes.
 *
 * @returns undefined where the bytes are no message
 */
export function canonicalMessage(message: MessageType, bytes: Uint8Array): Uint8Array | undefined {
  const occurrences = fieldOccurrences(message, bytes);
  if (!occurrences) return undefined;
  const out = new ByteBuffer(bytes.length);
  for (const [field, parts] of occurrences) if (!writeField(out, field, parts, bytes)) return undefined;
  return out.view();
}

function fieldOccurrences(message: MessageType, bytes: Uint8Array): Map<Field, Occurrence[]> | undefined {
  const byNumber = new Map(message.fields.map((field) => [field.number, field]));
  const occurrences = new Map<Field, Occurrence[]>();
  const cursor = new WireCursor();
  cursor.reset(bytes, 0, bytes.length);
  while (cursor.at < cursor.end) {
    const tagAt = cursor.at;
    const tag = cursor.uint32();
    const wireType = tag & 7;
    const from = cursor.at;
    cursor.skip(wireType, tag >>> 3);
    if (cursor.failed || tag >>> 3 === 0) return undefined;
    const field = byNumber.get(tag >>> 3);
    if (!field) continue;
    for (const rival of field.oneof === undefined ? [] : message.fields) {
      if (rival.oneof === field.oneof && rival !== field) occurrences.delete(rival);
    }
    const part = { tagAt, from: wireType === WireType.delimited ? contentStart(bytes, from) : from, to: cursor.at };
    const parts = occurrences.get(field);
    if (parts) parts.push({ ...part, wireType });
    else occurrences.set(field, [{ ...part, wireType }]);
  }
  return occurrences;
}

function contentStart(bytes: Uint8Array, lengthAt: number): number {
  const cursor = new WireCursor();
  cursor.reset(bytes, lengthAt, bytes.length);
  cursor.uint32();
  return cursor.at;
}

/** @returns false where a sub-message is no message */
function writeField(out: ByteBuffer, field: Field, parts: readonly Occurrence[], bytes: Uint8Array): boolean {
  const { cardinality, type } = field;
  const isMessage = type.kind === 'message' || type.kind === 'timestamp' || cardinality === 'map';
  // Another wire type than the schema's is for the reader to refuse.
  const isForeign = isMessage && parts.some(({ wireType }) => wireType !== WireType.delimited);
  if (isForeign || (!isMessage && cardinality === 'repeated')) {
    for (const part of parts) out.append(bytes.subarray(part.tagAt, part.to));
    return true;
  }
  const contents = parts.map(({ from, to }) => bytes.subarray(from, to));
  if (cardinality === 'map') return writeEntries(out, field, contents);
  if (!isMessage) {
    const last = parts.at(-1);
    if (last) out.append(bytes.subarray(last.tagAt, last.to));
    return true;
  }
  const messages = cardinality === 'repeated' ? contents : [Buffer.concat(contents)];
  return messages.every((content) => writeMessage(out, field.number, type, content));
}

function writeMessage(out: ByteBuffer, number: number, type: Field['type'], content: Uint8Array): boolean {
  const canonical = type.kind === 'message' ? canonicalMessage(type.message, content) : content;
  if (!canonical) return false;
  out.varint(number * 8 + WireType.delimited);
  out.varint(canonical.length);
  out.append(canonical);
  return true;
}

/** Of entries with one key the last counts, in the place of the first. */
function writeEntries(out: ByteBuffer, field: Field, contents: readonly Uint8Array[]): boolean {
  const keyOf = mapEntryKey(field.mapKey ?? 'string');
  const entryType = { kind: 'message', message: mapEntryType(field) } as const;
  const byKey = new Map(contents.map((content) => [keyOf(content, 0, content.length), content]));
  return [...byKey.values()].every((content) => writeMessage(out, field.number, entryType, content));
}

/** The message that each entry of a map is. */
export function mapEntryType({ name, mapKey, type }: Field): MessageType {
  const key = { kind: 'scalar', scalar: mapKey ?? 'string' } as const;
  return {
    name: `${name}.entry`,
    fields: [
      { name: 'key', jsonName: 'key', number: 1, cardinality: 'required', type: key },
      { name: 'value', jsonName: 'value', number: 2, cardinality: 'required', type },
    ],
  };
}
