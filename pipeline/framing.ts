/** What stands in front of a schema-encoded payload: the registry's id of the schema version that wrote it. */

/** AWS Glue Schema Registry: 0x03, a compression byte, the schema version's UUID. */
const GLUE_MAGIC = 0x03;
const GLUE_UNCOMPRESSED = 0x00;
const GLUE_HEADER_BYTES = 18;
/** Confluent Schema Registry: 0x00, a 4-byte schema id and, for Protobuf, message indexes; 0x00 is the first message. */
const CONFLUENT_MAGIC = 0x00;
const CONFLUENT_ID_BYTES = 5;

export type Unframed =
  | { readonly registry: 'glue'; readonly schemaVersionId: string; readonly payload: Uint8Array }
  | { readonly registry: 'confluent'; readonly schemaId: number; readonly payload: Uint8Array }
  | { readonly reason: string };

/** The 18 bytes that stand before every payload of the version. @throws Error when the id is no UUID. */
export function glueHeader(schemaVersionId: string): Uint8Array {
  const uuid = Buffer.from(schemaVersionId.replaceAll('-', ''), 'hex');
  if (uuid.length !== 16) {
    throw new Error(`Cannot frame payloads with "${schemaVersionId}": a schema version id is a UUID`);
  }
  return Buffer.concat([Buffer.from([GLUE_MAGIC, GLUE_UNCOMPRESSED]), uuid]);
}

/**
 * Splits a Kafka value; an unknown framing is a reason, not an exception. The payload is a view, not a copy.
 * @param messageIndexes whether Confluent's framing has them, as it does for Protobuf
 */
export function unframe(value: Uint8Array, messageIndexes = true): Unframed {
  if (value[0] === GLUE_MAGIC) {
    return unframeGlue(value);
  }
  if (value[0] === CONFLUENT_MAGIC) {
    return unframeConfluent(value, messageIndexes);
  }
  return { reason: 'the value begins with the framing of no schema registry' };
}

function unframeGlue(value: Uint8Array): Unframed {
  if (value.length < GLUE_HEADER_BYTES) {
    return { reason: `the value ends inside the ${GLUE_HEADER_BYTES} bytes of Glue framing` };
  }
  if (value[1] !== GLUE_UNCOMPRESSED) {
    return { reason: `Glue compression ${value[1]} is not read, only 0 (none)` };
  }
  const hex = Buffer.from(value.subarray(2, GLUE_HEADER_BYTES)).toString('hex');
  const schemaVersionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { registry: 'glue', schemaVersionId, payload: value.subarray(GLUE_HEADER_BYTES) };
}

function unframeConfluent(value: Uint8Array, messageIndexes: boolean): Unframed {
  const headerBytes = CONFLUENT_ID_BYTES + (messageIndexes ? 1 : 0);
  if (value.length < headerBytes) {
    return { reason: 'the value ends inside the Confluent framing' };
  }
  if (messageIndexes && value[CONFLUENT_ID_BYTES] !== 0) {
    return { reason: 'the Confluent framing names another message than the first of the schema' };
  }
  const schemaId = Buffer.from(value.buffer, value.byteOffset, value.length).readInt32BE(1);
  return { registry: 'confluent', schemaId, payload: value.subarray(headerBytes) };
}
