/** What a warehouse does not hold is refused by the ingest and by the sink, by the same check. */
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import type { CompiledContract, SchemaVersion } from '../../../pipeline/contract/compiled-contract.ts';
import { valueLimits } from '../../../pipeline/contract/value-limits.ts';
import { glueHeader } from '../../../pipeline/framing.ts';
import { compilePayloadEncoder } from '../../../pipeline/payload/payload-encoder.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { orderContract } from '../ingest/order-events.ts';
import { headers, kafkaRecord } from '../sink/order-records.ts';

const ID = '0f3a2b1c-1111-4222-8333-444455556666';

const avroItem = {
  type: 'record',
  name: 'Item',
  fields: [
    { name: 'sku', type: 'string' },
    { name: 'raw', type: 'bytes' },
  ],
};
const AVRO = [
  { name: 'note', type: 'string' },
  { name: 'raw', type: 'bytes' },
  { name: 'items', type: { type: 'array', items: avroItem } },
  { name: 'labels', type: { type: 'map', values: 'string' } },
];
const jsonItem = {
  type: 'object',
  properties: { sku: { type: 'string' }, raw: { type: 'string', contentEncoding: 'base64' } },
};
const JSON_PROPERTIES = {
  note: { type: 'string' },
  raw: { type: 'string', contentEncoding: 'base64' },
  items: { type: 'array', items: { ...jsonItem, required: ['sku', 'raw'] } },
  labels: { type: 'object', additionalProperties: { type: 'string' } },
};
const PROTO = `syntax = "proto3";
message Note {
  message Item { string sku = 1; bytes raw = 2; }
  string note = 1;
  bytes raw = 2;
  repeated Item items = 3;
  map<string, string> labels = 4;
}`;

const VERSIONS: readonly SchemaVersion[] = [
  { version: 1, format: 'protobuf', definition: PROTO, message: compileProto('v1.proto', PROTO, 'note') },
  { version: 1, format: 'avro', definition: JSON.stringify({ type: 'record', name: 'Note', fields: AVRO }) },
  {
    version: 1,
    format: 'json',
    definition: JSON.stringify({
      type: 'object',
      properties: JSON_PROPERTIES,
      required: Object.keys(JSON_PROPERTIES),
    }),
  },
];

const payload = (changes: object = {}): object => ({ note: '', raw: '', items: [], labels: {}, ...changes });
const base64 = (bytes: number): string => Buffer.alloc(bytes).toString('base64');
const item = (changes: object) => ({
  items: [
    { sku: 'a', raw: '' },
    { sku: 'b', raw: '', ...changes },
  ],
});

const LONG = /text of at most 65535 bytes/;
const NUL = /text without NUL/;
const REFUSED: ReadonlyArray<readonly [string, object, string, RegExp]> = [
  ['a long text', { note: 'x'.repeat(65_536) }, 'note', LONG],
  ['a NUL in a text', { note: 'a\0b' }, 'note', NUL],
  ['a NUL in a text of a list', item({ sku: '\0' }), 'items[1].sku', NUL],
  ['a long text of a list', item({ sku: 'ü'.repeat(40_000) }), 'items[1].sku', LONG],
  ['long bytes of a list', item({ raw: base64(40_000) }), 'items[1].raw', /at most 32767 bytes/],
  ['long bytes', { raw: base64(1_024_001) }, 'raw', /at most 1024000 bytes/],
  ['a long text of a map', { labels: { a: 'x'.repeat(65_536) } }, 'labels', LONG],
  ['a long key of a map', { labels: { ['x'.repeat(65_536)]: 'a' } }, 'labels', LONG],
];

const contractOf = (version: SchemaVersion, target: CompiledContract['warehouse']['target']): CompiledContract => ({
  ...orderContract,
  versions: [version],
  warehouse: { target, table: 'notes' },
});

function bytesOf(version: SchemaVersion, value: object): Uint8Array {
  const encoded = compilePayloadEncoder(version)(value);
  if (!('bytes' in encoded)) throw new Error(JSON.stringify(encoded.issues));
  return Buffer.concat([glueHeader(ID), encoded.bytes]);
}

describe.each(VERSIONS)('$format', (version) => {
  const encode = compilePayloadEncoder(version, valueLimits('redshift'));
  const rows = rowEncoder(contractOf(version, 'redshift'), [ID]);

  test.each(REFUSED)('%s is refused at the ingest and in the sink, with its path', (_, changes, path, reason) => {
    const result = encode(payload(changes));
    const [issue] = 'issues' in result ? result.issues : [];
    expect(issue).toEqual({
      code: 'OUT_OF_RANGE',
      path: expect.stringContaining(path),
      reason: expect.stringMatching(reason),
    });
    const refusal = rows.add(kafkaRecord(0, { value: bytesOf(version, payload(changes)) }));
    expect(refusal).toEqual({ code: 'INVALID_PAYLOAD', reason: expect.stringMatching(reason) });
    expect(refusal?.reason).toContain(`${path}`);
  });

  test('what is refused leaves its neighbours, and what fits is a row', () => {
    const fitting = payload({ note: 'x'.repeat(65_535), raw: base64(100), ...item({ raw: base64(32_767) }) });
    expect(encode(fitting)).toHaveProperty('bytes');
    const values = [payload(), payload({ note: '\0' }), fitting].map((value) => bytesOf(version, value));
    const refusals = values.map((value, offset) => rows.add(kafkaRecord(offset, { value })));
    expect(refusals.map((refusal) => refusal?.code)).toEqual([undefined, 'INVALID_PAYLOAD', undefined]);
    expect(rows.finish({}).map((file) => file.rows)).toEqual([2]);
  });

  test.each(['duckdb', 'snowflake', 'athena'] as const)('%s holds all of it', (target) => {
    expect(valueLimits(target)).toBeUndefined();
    const unlimited = rowEncoder(contractOf(version, target), [ID]);
    const values = REFUSED.map(([, changes]) => bytesOf(version, payload(changes)));
    expect(values.map((value, offset) => unlimited.add(kafkaRecord(offset, { value })))).toEqual(
      values.map(() => undefined),
    );
  });
});

test.each([
  ['{"a":"\\u0000"}', NUL],
  [JSON.stringify({ a: 'x'.repeat(65_536) }), LONG],
])('custom attributes of other producers are held to the same: %.20s', (ce_customattributes, reason) => {
  const [version] = VERSIONS as [SchemaVersion];
  const rows = rowEncoder(contractOf(version, 'redshift'), [ID]);
  const value = bytesOf(version, payload());
  expect(rows.add(kafkaRecord(0, { value, headers: headers({ ce_customattributes }) }))).toEqual({
    code: 'INVALID_ATTRIBUTE',
    reason: expect.stringMatching(reason),
  });
});
