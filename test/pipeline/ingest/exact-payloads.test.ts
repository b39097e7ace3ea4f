import { gzipSync } from 'node:zlib';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { BATCH, ingestWorld, ORDER_VERSION_ID, orderContract, post } from './order-events.ts';

const avsc = JSON.stringify({
  type: 'record',
  name: 'Blob',
  fields: [
    { name: 'raw', type: 'bytes', default: '' },
    { name: 'd', type: 'double', default: 0 },
    { name: 'i', type: 'int', default: 0 },
    { name: 'l', type: 'long', default: 0 },
    { name: 'dec', type: { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 20 }, default: '\u0000' },
    { name: 'm', type: { type: 'map', values: 'int' }, default: {} },
    {
      name: 's',
      type: { type: 'record', name: 'S', fields: [{ name: 'text', type: ['null', 'string'], default: null }] },
      default: { text: null },
    },
  ],
});
const schema = JSON.stringify({
  type: 'object',
  properties: {
    d: { type: 'number' },
    i: { type: 'integer' },
    m: { type: 'object', additionalProperties: { type: 'integer' } },
  },
});

function world(version: CompiledContract['versions'][number]) {
  const topic = { ...orderContract.topic, name: 'blob' };
  const contract = {
    ...orderContract,
    event: 'blob',
    keyField: null,
    eventTimeField: null,
    topic,
    versions: [version],
  };
  return { ...ingestWorld(), catalog: { find: async () => ({ contract, schemaVersionIds: [ORDER_VERSION_ID] }) } };
}

const avroWorld = () => world({ format: 'avro', version: 1, definition: avsc });
const jsonWorld = () => world({ format: 'json', version: 1, definition: schema });
const event = (data: string) => `{"specversion":"1.0","id":"x","source":"/x","type":"blob","data":${data}}`;

test.each([
  ['a field twice', '{"i":1,"i":2}', 'DUPLICATE_FIELD', 'data.i'],
  ['a field twice, with an escape and space', '{"i" : 1, "\\u0069" : 2}', 'DUPLICATE_FIELD', 'data.i'],
  ['a key of a map twice', '{"m":{"a":1,"a":2}}', 'DUPLICATE_FIELD', 'data.m'],
  ['an integer with a fraction that no double holds', '{"i":1.00000000000000000001}', 'OUT_OF_RANGE', 'data.i'],
  ['an integer too small for a double', '{"i":1e-400}', 'OUT_OF_RANGE', 'data.i'],
  ['a long beyond 2^53 as a number', '{"l":9007199254740993}', 'OUT_OF_RANGE', 'data.l'],
  ['a decimal of 20 digits as a number', '{"dec":0.10000000000000000055}', 'OUT_OF_RANGE', 'data.dec'],
  ['a double beyond the largest', '{"d":1e400}', 'OUT_OF_RANGE', 'data.d'],
  ['a long number for a record', '{"s":12345678901234567890}', 'WRONG_TYPE', 'data.s'],
  ['a long number for a map', '{"m":12345678901234567890}', 'WRONG_TYPE', 'data.m'],
])('ingest, Avro: refuses %s, and takes its neighbours', async (_, data, code, path) => {
  const { status, answer } = await post(avroWorld(), BATCH, `[${event('{}')},${event(data)},${event('{}')}]`);
  expect(status).toBe(207);
  expect(answer.records).toMatchObject([{ offset: 0 }, { error: { errors: [{ code, path }] } }, { offset: 1 }]);
});

test('ingest, Avro: takes a few kilobytes that are 5 MiB of base64', async () => {
  const body = gzipSync(`[${event('{}')},${event(`{"raw":"${'QUFB'.repeat(5 * 262_144)}"}`)}]`);
  const { answer } = await post(avroWorld(), BATCH, body, { 'content-encoding': 'gzip' });
  // Its bytes are more than a record of Kafka has.
  const tooLarge = { error: { type: 'urn:headrace:problem:record-too-large' } };
  expect(answer.records).toMatchObject([{ offset: 0 }, tooLarge]);
});

test.each([
  '{"i":9007199254740993}',
  '{"i":-9223372036854775808}',
  '{"d":-0}',
  '{"d":-0.0}',
  '{"d":1e-400}',
  '{"d":0.1}',
])('ingest, JSON: keeps the digits of %s as they came', async (data) => {
  const json = jsonWorld();
  expect((await post(json, BATCH, `[${event(data)}]`)).status).toBe(200);
  const [record] = [...json.producer.logs.values()].flat(2) as ReadonlyArray<{ readonly value: Uint8Array }>;
  expect(Buffer.from(record?.value.subarray(18) ?? []).toString()).toBe(data);
});

test.each([
  ['a property twice', '{"i":1,"i":1}', 'DUPLICATE_FIELD', 'data.i'],
  ['a key of a map twice', '{"m":{"a":1,"a":1}}', 'DUPLICATE_FIELD', 'data.m'],
  ['an integer with a fraction that no double holds', '{"i":1.00000000000000000001}', 'WRONG_TYPE', 'data.i'],
  ['an integer beyond 64 bits', '{"i":9223372036854775808}', 'OUT_OF_RANGE', 'data.i'],
])('ingest, JSON: refuses %s', async (_, data, code, path) => {
  const { status, answer } = await post(jsonWorld(), BATCH, `[${event(data)}]`);
  expect(status).toBe(422);
  expect(answer.records).toMatchObject([{ error: { errors: [{ code, path }] } }]);
});
