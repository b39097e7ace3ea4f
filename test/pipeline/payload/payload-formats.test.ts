import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { loadContract } from '../../../pipeline/contract/load-contract.ts';
import { glueHeader } from '../../../pipeline/framing.ts';
import { encodeRecord, recordEncoder } from '../../../pipeline/ingest/encode-record.ts';
import { compilePayloadEncoder } from '../../../pipeline/payload/payload-encoder.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';

const IDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const NOW = Date.UTC(2026, 10, 20, 12);

const FIELDS = [
  { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
  { name: 'country', type: { type: 'enum', name: 'Country', symbols: ['DE', 'FR'] } },
  { name: 'count', type: 'long' },
  { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
  { name: 'note', type: ['null', 'string'], default: null },
  { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
];
const avsc = (...more: object[]) =>
  JSON.stringify({ type: 'record', name: 'Sale', fields: [...FIELDS, ...more] }, null, 2);

const PROPERTIES = {
  id: { type: 'string', format: 'uuid' },
  at: { type: 'string', format: 'date-time' },
  country: { type: 'string', enum: ['DE', 'FR'] },
  count: { type: 'integer' },
  price: { type: 'number' },
  note: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } },
};
const jsonSchema = (more: object = {}) =>
  JSON.stringify(
    {
      type: 'object',
      properties: { ...PROPERTIES, ...more },
      required: ['id', 'at', 'country', 'count', 'price', 'tags'],
    },
    null,
    2,
  );

const SALE = {
  id: '123e4567-e89b-42d3-a456-426614174000',
  at: '2026-11-20T11:59:59.123456Z',
  country: 'DE',
  count: 9_007_199_254_740_991,
  price: 12.5,
  tags: ['a', 'b'],
};
const YAML =
  'description: Sales.\nowner: shop\nkeyField: id\neventTimeField: at\nlake: { partitionBy: [country, day] }\n';

const FORMATS = [
  {
    format: 'avro',
    v1: ['v1.avsc', avsc()],
    v2: ['v2.avsc', avsc({ name: 'level', type: 'int', default: 3 })],
    type: 'application/avro',
    level: 3,
  },
  {
    format: 'json',
    v1: ['v1.json', jsonSchema()],
    v2: ['v2.json', jsonSchema({ level: { type: 'integer', minimum: 0, maximum: 9 } })],
    type: 'application/json',
    level: null,
  },
] as const;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'headrace-formats-'));
});
afterAll(() => rm(root, { recursive: true }));

async function contractOf(name: string, files: Readonly<Record<string, string>>): Promise<CompiledContract> {
  const folder = join(root, name, 'sale');
  await mkdir(join(folder, 'examples'), { recursive: true });
  for (const [file, text] of Object.entries({ 'event.yaml': YAML, ...files }))
    await writeFile(join(folder, file), text);
  return loadContract(folder);
}

const event = (data: unknown) => ({ id: 'e-1', source: '/shop', type: 'sale', carried: {}, data });

function kafkaRecord(value: Uint8Array, offset = 0): KafkaRecord {
  return { topic: 'sale', partition: 0, offset, timestamp: NOW, key: null, value, headers: [] };
}

async function rowsOf(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const path = join(root, 'rows.parquet');
  await writeFile(path, bytes);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`select columns('^[^_]') from '${path}'`)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test.each(FORMATS)(
  'an event in $format goes from JSON to its row, in its folder',
  async ({ format, v1, v2, type, level }) => {
    const files = { [v1[0]]: v1[1], [v2[0]]: v2[1], 'examples/valid-sale.json': JSON.stringify(SALE) };
    // Through JSON, as the functions get it.
    const contract = JSON.parse(JSON.stringify(await contractOf(format, files))) as CompiledContract;
    const record = encodeRecord(recordEncoder({ contract, schemaVersionIds: IDS }), event({ ...SALE, level: 7 }), NOW);
    if ('problem' in record) throw new Error(record.problem.detail);
    expect(record.headers).toMatchObject({ 'content-type': type, ce_time: SALE.at });
    expect(String(record.key)).toBe(SALE.id);
    const [older] = contract.versions;
    const older1 = older && compilePayloadEncoder(older)(SALE);
    const olderBytes = older1 && 'bytes' in older1 ? older1.bytes : new Uint8Array();
    const rows = rowEncoder(contract, IDS);
    expect(rows.add(kafkaRecord(record.value))).toBeUndefined();
    expect(rows.add(kafkaRecord(Buffer.concat([glueHeader(IDS[0] ?? ''), olderBytes]), 1))).toBeUndefined();
    const files1 = rows.finish({});
    expect(files1.map(({ folder, rows: count }) => [folder, count])).toEqual([['country=DE/day=20/', 2]]);
    const read = await rowsOf(files1[0]?.bytes ?? new Uint8Array());
    const row = {
      id: SALE.id,
      country: 'DE',
      count: String(SALE.count),
      price: format === 'avro' ? '12.50' : 12.5,
      note: null,
      tags: ['a', 'b'],
      at: expect.stringContaining('59:59.123456'),
    };
    expect(
      read.map(({ level: found, ...rest }) => ({ ...rest, level: found === null ? null : Number(found) })),
    ).toEqual([
      { ...row, level: 7 },
      { ...row, level },
    ]);
  },
);

test.each(FORMATS)(
  'an event in $format is refused where its schema is not met, by the ingest and by the sink',
  async ({ format, v1 }) => {
    const contract = await contractOf(`${format}-refused`, { [v1[0]]: v1[1] });
    const encoder = recordEncoder({ contract, schemaVersionIds: IDS.slice(0, 1) });
    const refusal = (changes: object) => {
      const record = encodeRecord(encoder, event({ ...SALE, ...changes }), NOW);
      return 'problem' in record ? record.problem.errors?.map(({ code, path }) => [code, path]) : record;
    };
    expect(refusal({ count: 1.5 })).toEqual([[expect.stringMatching(/WRONG_TYPE|OUT_OF_RANGE/), 'data.count']]);
    expect(refusal({ count: 2 ** 53 })).toEqual([[expect.stringMatching(/WRONG_TYPE|OUT_OF_RANGE/), 'data.count']]);
    expect(refusal({ at: 'yesterday' })).toEqual([['WRONG_TYPE', 'data.at']]);
    expect(refusal({ at: 1_700_000_000 })).toEqual([['WRONG_TYPE', 'data.at']]);
    expect(refusal({ country: 'XX' })).toEqual([['OUT_OF_RANGE', 'data.country']]);
    expect(refusal({ tags: ['a', 1] })).toEqual([['WRONG_TYPE', 'data.tags[1]']]);
    expect(refusal({ id: undefined })).toEqual([['MISSING_FIELD', 'data.id']]);
    expect(refusal({ colour: 'red', shape: 'round' })).toEqual([
      ['UNKNOWN_FIELD', 'data.colour'],
      ['UNKNOWN_FIELD', 'data.shape'],
    ]);
    const rows = rowEncoder(contract, IDS.slice(0, 1));
    const framed = (payload: string) => Buffer.concat([glueHeader(IDS[0] ?? ''), Buffer.from(payload)]);
    expect(rows.add(kafkaRecord(framed('{"id":')))).toMatchObject({ code: 'INVALID_PAYLOAD' });
    expect(rows.finish({})).toEqual([]);
  },
);

test('Confluent’s framing has no message indexes but in Protobuf, and Avro without its schema is not read', async () => {
  const [avro, json] = FORMATS;
  const confluent = (payload: string) =>
    kafkaRecord(Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(payload)]));
  const inJson = rowEncoder(await contractOf('confluent-json', { [json.v1[0]]: json.v1[1] }), IDS.slice(0, 1));
  expect(inJson.add(confluent(JSON.stringify(SALE)))).toBeUndefined();
  const inAvro = rowEncoder(await contractOf('confluent-avro', { [avro.v1[0]]: avro.v1[1] }), IDS.slice(0, 1));
  expect(inAvro.add(confluent('x'))).toMatchObject({ code: 'UNKNOWN_SCHEMA_VERSION' });
});
