/** Orders as the sink reads them from Kafka. */
import type { CompiledContract, SchemaVersion } from '../../../pipeline/contract/compiled-contract.ts';
import { glueHeader } from '../../../pipeline/framing.ts';
import { compilePayloadEncoder } from '../../../pipeline/payload/payload-encoder.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import type { DeadLetter } from '../../../pipeline/sink/dead-letter.ts';
import type { EncodedFile, RowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';

export const INGESTED_AT = Date.UTC(2026, 10, 20, 12, 0, 1);

/** The payload in the contract's newest version, behind Glue's framing. */
export function framed(
  data: object,
  versionId = ORDER_VERSION_ID,
  contract: CompiledContract = orderContract,
): Uint8Array {
  const encoded = compilePayloadEncoder(contract.versions.at(-1) as SchemaVersion)(data);
  if (!('bytes' in encoded)) {
    throw new Error(JSON.stringify(encoded.issues));
  }
  return Buffer.concat([glueHeader(versionId), encoded.bytes]);
}

const SMALLEST = framed(orderData());

export function kafkaRecord(offset: number, changes: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    topic: 'order_created',
    partition: 0,
    offset,
    timestamp: INGESTED_AT,
    key: Buffer.from('o-1'),
    value: SMALLEST,
    headers: headers({
      ce_id: `e-${offset}`,
      ce_type: 'order_created',
      ce_source: '/shop',
      ce_time: '2026-11-20T12:00:00Z',
    }),
    ...changes,
  };
}

/** One batch through the encoder: its file, undefined when there is none, and its dead letters. */
export function encode(
  rows: RowEncoder,
  records: readonly KafkaRecord[],
): { readonly file: EncodedFile | undefined; readonly letters: DeadLetter[] } {
  const letters = records.flatMap((record) => {
    const refusal = rows.add(record);
    return refusal ? [{ record, ...refusal }] : [];
  });
  return { file: rows.finish({})[0], letters };
}

export const headers = (values: Record<string, string>): KafkaRecord['headers'] =>
  Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]);
