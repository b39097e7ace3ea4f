import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import type { CompiledContract, SchemaVersion } from '../../../pipeline/contract/compiled-contract.ts';
import { loadContract } from '../../../pipeline/contract/load-contract.ts';
import { glueHeader } from '../../../pipeline/framing.ts';
import { warehouseTable } from '../../../pipeline/load/warehouse-table.ts';
import { compilePayloadEncoder } from '../../../pipeline/payload/payload-encoder.ts';
import { commitKey, commitLog } from '../../../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../../../pipeline/sink/sink.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

const IDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const NOW = Date.UTC(2026, 10, 20, 12);

const inner = (...fields: object[]) => ({
  type: 'record',
  name: 'Part',
  fields: [{ name: 'n', type: 'int' }, ...fields],
});
const avsc = (ofPart: object[], ...more: object[]) => ({
  type: 'record',
  name: 'Sale',
  fields: [
    { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 3 } },
    { name: 'weight', type: 'float' },
    { name: 'raw', type: 'bytes' },
    { name: 'parts', type: { type: 'array', items: inner(...ofPart) } },
    { name: 'labels', type: { type: 'map', values: ['null', 'long'] } },
    ...more,
  ],
});
const V1 = avsc([]);
const V2 = avsc([{ name: 'gift', type: 'boolean', default: false }], { name: 'level', type: 'int', default: 3 });

const SALE = {
  id: '123e4567-e89b-42d3-a456-426614174000',
  day: '2026-11-20',
  at: '2026-11-20T11:59:59.123Z',
  price: '-123456789012345678901234567.891',
  weight: 0.5,
  raw: 'AP8=',
  parts: [{ n: 1 }],
  labels: { a: '9223372036854775807', b: null },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-load-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function contractOf(name: string, ...versions: object[]): Promise<CompiledContract> {
  const event = join(folder, name, 'sale');
  await mkdir(event, { recursive: true });
  await writeFile(join(event, 'event.yaml'), 'description: Sales.\nowner: shop\n');
  for (const [i, version] of versions.entries())
    await writeFile(join(event, `v${i + 1}.avsc`), JSON.stringify(version));
  return loadContract(event);
}

function value(version: SchemaVersion, payload: object): Uint8Array {
  const encoded = compilePayloadEncoder(version)(payload);
  if (!('bytes' in encoded)) throw new Error(JSON.stringify(encoded.issues));
  return Buffer.concat([glueHeader(IDS[version.version - 1] ?? ''), encoded.bytes]);
}

test('Avro events are loaded with every type of column, and on into the columns of a newer version', async () => {
  const lake = memoryObjectStore(() => NOW);
  const log = commitLog(lake);
  const path = join(folder, 'sales.duckdb');
  const warehouse = duckdbWarehouse(path, lake);
  const load = async (contract: CompiledContract, offset: number, values: readonly Uint8Array[]) => {
    const rows = rowEncoder(contract, IDS.slice(0, contract.versions.length));
    const records = values.map((bytes, i) => {
      return { topic: 'sale', partition: 0, offset: offset + i, timestamp: NOW, key: null, value: bytes, headers: [] };
    });
    const { commit } = await sinkPartition(records, { contract, lake, log, rows });
    if (!commit) throw new Error('nothing was committed');
    await warehouse.load(warehouseTable(contract), [{ commitKey: commitKey(0, commit.start), commit }]);
  };
  const first = await contractOf('first', V1);
  const second = await contractOf('second', V1, V2);
  const [v1, v2] = second.versions as [SchemaVersion, SchemaVersion];
  await load(first, 0, [value(v1, SALE)]);
  const parts = [{ n: 2, gift: true }];
  await load(second, 1, [value(v1, SALE), value(v2, { ...SALE, parts, labels: {}, level: 9 })]);
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`select columns('^[^_]') from sale order by _offset`);
  const rows = result.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  const loaded = {
    id: SALE.id,
    day: '2026-11-20',
    at: expect.stringContaining(':59:59.123'),
    price: SALE.price,
    weight: 0.5,
    raw: expect.stringMatching(/00.*FF/i),
    labels: [
      { key: 'a', value: '9223372036854775807' },
      { key: 'b', value: null },
    ],
  };
  expect(rows).toEqual([
    { ...loaded, parts: [{ n: 1, gift: null }], level: null },
    { ...loaded, parts: [{ n: 1, gift: false }], level: 3 },
    { ...loaded, parts, labels: [], level: 9 },
  ]);
});
