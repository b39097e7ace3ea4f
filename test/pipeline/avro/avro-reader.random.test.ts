import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { avroColumns } from '../../../pipeline/avro/avro-columns.ts';
import { compileAvroReader } from '../../../pipeline/avro/avro-reader.ts';
import { parseAvroSchema } from '../../../pipeline/avro/parse-avro-schema.ts';
import { inspectParquet } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { duckdbRows } from '../parquet/read-back.ts';
import {
  type AvroSample,
  arbitraryFields,
  avscType,
  type FieldSample,
  fieldSchema,
  recordSample,
} from './arbitrary-avro.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-avro-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

interface Records {
  readonly fields: readonly FieldSample[];
  readonly sample: AvroSample;
  readonly values: readonly unknown[];
}

const records: fc.Arbitrary<Records> = arbitraryFields(3).chain((fields) => {
  const sample = recordSample(fields);
  return fc.array(sample.value, { minLength: 2, maxLength: 12 }).map((values) => ({ fields, sample, values }));
});

function encoded({ sample, values }: Records): Uint8Array[] {
  const type = avscType(sample.schema('R'));
  return values.map((value) => type.toBuffer(value));
}

test('compileAvroReader: random records become the rows that avsc encoded', async () => {
  await fc.assert(
    fc.asyncProperty(records, async (some) => {
      const record = parseAvroSchema(JSON.stringify(some.sample.schema('R')));
      const writer = new ParquetWriter(avroColumns(record));
      const read = compileAvroReader(record, writer.columns);
      for (const bytes of encoded(some)) expect(writer.appendValues([], () => read(bytes))).toBeUndefined();
      const rows = await duckdbRows(duckdb, join(folder, 'rows.parquet'), writer.finish());
      expect(rows).toEqual(some.values.map(some.sample.expected));
    }),
    { numRuns: 100, seed: 20_261_120 },
  );
}, 60_000);

/** A reader's schema: some of the writer's fields in another order, and new ones that may be null or have a default. */
const evolutions = records.chain((some) =>
  fc
    .record({
      kept: fc.shuffledSubarray([...some.fields], { minLength: 1 }),
      added: fc.subarray([
        { name: 'maybe', type: ['null', 'long'], default: null },
        { name: 'count', type: 'int', default: 7 },
        { name: 'raw', type: 'bytes', default: 'a\u00ff' },
        { name: 'tags', type: { type: 'array', items: 'string' }, default: ['x', 'y'] },
        { name: 'labels', type: { type: 'map', values: 'double' }, default: { a: 0.5 } },
        {
          name: 'money',
          type: { type: 'record', name: 'Money', fields: [{ name: 'units', type: 'int', default: -3 }] },
          default: {},
        },
      ]),
    })
    .map((change) => ({ some, ...change })),
);

const ADDED_ROWS: Readonly<Record<string, unknown>> = {
  maybe: null,
  count: 7,
  raw: '61ff',
  tags: ['x', 'y'],
  labels: [['a', 0.5]],
  money: { units: -3 },
};

test('compileAvroReader: records of another version resolve as avsc resolves them', async () => {
  await fc.assert(
    fc.asyncProperty(evolutions, async ({ some, kept, added }) => {
      const writerSchema = some.sample.schema('R');
      const readerSchema = {
        type: 'record',
        name: 'R',
        fields: [...kept.map((one) => fieldSchema(one, 'R')), ...added],
      };
      const reader = parseAvroSchema(JSON.stringify(readerSchema));
      const writer = new ParquetWriter(avroColumns(reader));
      const read = compileAvroReader(parseAvroSchema(JSON.stringify(writerSchema)), writer.columns, reader);
      const encodings = encoded(some);
      for (const bytes of encodings) expect(writer.appendValues([], () => read(bytes))).toBeUndefined();
      const rows = await duckdbRows(duckdb, join(folder, 'rows.parquet'), writer.finish());
      const writerType = avscType(writerSchema);
      const keptType = avscType({ type: 'record', name: 'R', fields: kept.map((one) => fieldSchema(one, 'R')) });
      const resolver = keptType.createResolver(writerType);
      const addedRow = Object.fromEntries(added.map(({ name }) => [name, ADDED_ROWS[name]]));
      const resolved = encodings.map((bytes) => keptType.fromBuffer(Buffer.from(bytes), resolver));
      expect(rows).toEqual(
        resolved.map((value) => ({ ...(recordSample(kept).expected(value) as object), ...addedRow })),
      );
    }),
    { numRuns: 60, seed: 4 },
  );
}, 60_000);

test('compileAvroReader: damaged bytes never throw, nor change another row', () => {
  fc.assert(
    fc.property(records, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (some, damages) => {
      const record = parseAvroSchema(JSON.stringify(some.sample.schema('R')));
      const encodings = encoded(some);
      const write = (withDamaged: boolean) => {
        const writer = new ParquetWriter(avroColumns(record));
        const read = compileAvroReader(record, writer.columns);
        for (const bytes of encodings) {
          if (withDamaged) for (const part of damaged(bytes, damages)) refuse(writer, read, part);
          expect(writer.appendValues([], () => read(bytes))).toBeUndefined();
        }
        return writer.finish();
      };
      expect(write(true)).toEqual(write(false));
    }),
    { numRuns: 150, seed: 7 },
  );
}, 60_000);

function damaged(bytes: Uint8Array, damages: readonly [number, number][]): Uint8Array[] {
  const changed = Uint8Array.from(bytes);
  for (const [position, byte] of damages) changed[position % bytes.length] = byte;
  const cut = (damages[0]?.[0] ?? 0) % (bytes.length + 1);
  return [changed, bytes.subarray(0, cut), Buffer.concat([bytes.subarray(0, cut), changed])];
}

/** A row that happens to be valid is undone by a rejection after it. */
function refuse(writer: ParquetWriter, read: ReturnType<typeof compileAvroReader>, bytes: Uint8Array): void {
  const undo = { code: 'type', path: '', reason: 'test' } as const;
  expect(writer.appendValues([], () => read(bytes) ?? undo)).toBeDefined();
}

test('compileAvroReader: whatever it takes of damaged bytes is a whole file', () => {
  fc.assert(
    fc.property(records, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (some, damages) => {
      const record = parseAvroSchema(JSON.stringify(some.sample.schema('R')));
      const writer = new ParquetWriter(avroColumns(record));
      const read = compileAvroReader(record, writer.columns);
      let rows = 0;
      for (const bytes of encoded(some).flatMap((whole) => damaged(whole, damages))) {
        if (!writer.appendValues([], () => read(bytes))) rows++;
      }
      expect(inspectParquet(writer.finish()).rows).toBe(rows);
    }),
    { numRuns: 100, seed: 8 },
  );
}, 60_000);

test('compileAvroReader: no prefix of a record is a record', () => {
  fc.assert(
    fc.property(records, (some) => {
      const record = parseAvroSchema(JSON.stringify(some.sample.schema('R')));
      const writer = new ParquetWriter(avroColumns(record));
      const read = compileAvroReader(record, writer.columns);
      const [bytes] = encoded(some) as [Uint8Array];
      for (let length = 0; length < bytes.length; length++) {
        const part = bytes.subarray(0, length);
        expect(writer.appendValues([], () => read(part))).toMatchObject({ code: expect.any(String) });
      }
      expect(writer.rowCount).toBe(0);
    }),
    { numRuns: 60, seed: 9 },
  );
}, 60_000);
