import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { jsonSchemaColumns } from '../../../pipeline/json/json-columns.ts';
import { compileJsonReader } from '../../../pipeline/json/json-reader.ts';
import { parseJsonSchema } from '../../../pipeline/json/parse-json-schema.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { duckdbRows } from '../parquet/read-back.ts';
import { arbitraryObject, type JsonSample } from './arbitrary-json.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-json-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

function readerOf({ schema }: JsonSample) {
  const parsed = parseJsonSchema(JSON.stringify(schema));
  const writer = new ParquetWriter(jsonSchemaColumns(parsed));
  const read = compileJsonReader(parsed, writer.columns);
  return { writer, append: (text: string) => writer.appendValues([], () => read(Buffer.from(text))) };
}

const objects = (plain: boolean) =>
  arbitraryObject(3, plain).chain((sample) =>
    fc.array(sample.value, { minLength: 2, maxLength: 12 }).map((values) => ({ sample, values })),
  );

test('compileJsonReader: random objects become the rows that they are, with all digits of their integers', async () => {
  await fc.assert(
    fc.asyncProperty(objects(false), async ({ sample, values }) => {
      const { writer, append } = readerOf(sample);
      for (const value of values) expect(append(JSON.stringify(value))).toBeUndefined();
      const rows = await duckdbRows(duckdb, join(folder, 'rows.parquet'), writer.finish());
      expect(rows).toEqual(values.map(sample.expected));
    }),
    { numRuns: 100, seed: 20_261_120 },
  );
}, 60_000);

/** A value in which one part is replaced by another. */
function changed(value: unknown, steps: readonly number[], by: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  if (keys.length === 0) return by;
  const key = keys[step % keys.length] as string;
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === key ? changed(item, rest, by) : item));
  if (by === undefined && rest.length === 0)
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return { ...value, [key]: changed((value as Record<string, unknown>)[key], rest, by) };
}

test('compileJsonReader: accepts what Ajv accepts', () => {
  const steps = fc.array(fc.nat(), { maxLength: 4 });
  const by = fc.option(fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(null, {}, [], 'NEW', 1, 1.5)), {
    nil: undefined,
  });
  const seen = { valid: 0, invalid: 0 };
  fc.assert(
    fc.property(objects(true), steps, by, ({ sample, values }, path, part) => {
      const validate = new Ajv2020({ allowUnionTypes: true, strictTypes: false, ownProperties: true }).compile(
        sample.schema,
      );
      const { append } = readerOf(sample);
      for (const value of values) {
        const text = JSON.stringify(changed(value, path, part)) ?? 'null';
        const valid = validate(JSON.parse(text));
        expect({ text, refused: append(text) !== undefined }).toEqual({ text, refused: !valid });
        seen[valid ? 'valid' : 'invalid']++;
      }
    }),
    { numRuns: 80, seed: 5 },
  );
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(50);
}, 60_000);

test('compileJsonReader: damaged text never throws, nor changes another row', () => {
  fc.assert(
    fc.property(objects(false), fc.nat(), fc.nat(255), ({ sample, values }, position, byte) => {
      const parsed = parseJsonSchema(JSON.stringify(sample.schema));
      const write = (withDamaged: boolean) => {
        const writer = new ParquetWriter(jsonSchemaColumns(parsed));
        const read = compileJsonReader(parsed, writer.columns);
        for (const text of values.map((value) => Buffer.from(JSON.stringify(value)))) {
          const damaged = Uint8Array.from(text, (old, i) => (i === position % text.length ? byte : old));
          const undo = { code: 'type', path: '', reason: 'test' } as const;
          if (withDamaged) expect(writer.appendValues([], () => read(damaged) ?? undo)).toBeDefined();
          expect(writer.appendValues([], () => read(text))).toBeUndefined();
        }
        return writer.finish();
      };
      expect(write(true)).toEqual(write(false));
    }),
    { numRuns: 100, seed: 7 },
  );
}, 60_000);
