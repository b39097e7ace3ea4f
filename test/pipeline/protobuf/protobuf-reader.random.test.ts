import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { MessageType } from '../../../pipeline/contract/message.ts';
import { messageColumns } from '../../../pipeline/contract/message-columns.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { compileProtobufReader } from '../../../pipeline/protobuf/protobuf-reader.ts';
import { readerSource } from '../../../pipeline/protobuf/reader-source.ts';
import { WireWords } from '../../../pipeline/protobuf/wire-words.ts';
import { duckdbRows } from '../parquet/read-back.ts';
import { arbitraryInit, arbitraryMessageType } from './arbitrary-message.ts';
import { expectedRow } from './expected-row.ts';
import { messageDescriptor } from './message-descriptor.ts';

let folder: string;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-protobuf-'));
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

interface Messages {
  readonly message: MessageType;
  readonly inits: readonly Record<string, unknown>[];
}

const messages: fc.Arbitrary<Messages> = arbitraryMessageType(2).chain((message) =>
  fc.array(arbitraryInit(message), { minLength: 2, maxLength: 12 }).map((inits) => ({ message, inits })),
);

function encoded({ message, inits }: Messages): { descriptor: DescMessage; encodings: Uint8Array[] } {
  const descriptor = messageDescriptor(message);
  return { descriptor, encodings: inits.map((init) => toBinary(descriptor, create(descriptor, init))) };
}

async function expectRows(
  message: MessageType,
  descriptor: DescMessage,
  encodings: Uint8Array[],
  generates: boolean,
): Promise<void> {
  const writer = new ParquetWriter(messageColumns(message));
  const read = compileProtobufReader(message, writer.columns, generates);
  for (const bytes of encodings) expect(writer.appendValues([], () => read(bytes))).toBeUndefined();
  const rows = await duckdbRows(duckdb, join(folder, 'rows.parquet'), writer.finish());
  const decoded = encodings.map((bytes) => fromBinary(descriptor, bytes));
  expect(sortedMaps(rows)).toEqual(sortedMaps(decoded.map((one) => expectedRow(message, { ...one }))));
}

/** Maps have no order: entries are compared sorted by their keys. */
function sortedMaps(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sortedMaps);
    const isMap = value.length > 0 && value.every((item) => Array.isArray(item) && item.length === 2);
    return isMap ? items.sort((a, b) => (String(a) < String(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, sortedMaps(item)]));
}

const WAYS = [
  ['generated code', true],
  ['closures', false],
] as const;

test.each(WAYS)(
  'compileProtobufReader: by %s, random messages become the rows that protobuf-es decodes',
  async (_, generates) => {
    await fc.assert(
      fc.asyncProperty(messages, async (some) => {
        const { descriptor, encodings } = encoded(some);
        await expectRows(some.message, descriptor, encodings, generates);
      }),
      { numRuns: 70, seed: 20_261_120 },
    );
  },
  60_000,
);

test.each(WAYS)(
  'compileProtobufReader: by %s, messages that say things twice merge as protobuf-es merges them',
  async (_, generates) => {
    await fc.assert(
      fc.asyncProperty(messages, async (some) => {
        const { descriptor, encodings } = encoded(some);
        const [first, ...others] = encodings;
        const doubled = others.map((bytes) => Buffer.concat([first as Uint8Array, bytes]));
        await expectRows(some.message, descriptor, doubled, generates);
      }),
      { numRuns: 70, seed: 42 },
    );
  },
  60_000,
);

/** Messages with one byte changed, and cut. */
function damaged(bytes: Uint8Array, position: number, byte: number): Uint8Array[] {
  const changed = Uint8Array.from(bytes, (old, i) => (i === position % bytes.length ? byte : old));
  return [changed, bytes.subarray(0, position % (bytes.length + 1))];
}

test.each(WAYS)(
  'compileProtobufReader: by %s, damaged bytes never change another row',
  (_, generates) => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), (some, position, byte) => {
        const { encodings } = encoded(some);
        const write = (withDamaged: boolean) => {
          const writer = new ParquetWriter(messageColumns(some.message));
          const read = compileProtobufReader(some.message, writer.columns, generates);
          for (const bytes of encodings) {
            writer.appendValues([], () => read(bytes));
            // A row that happens to be valid is undone by a rejection after it.
            for (const part of withDamaged ? damaged(bytes, position, byte) : []) {
              const undo = { code: 'type', path: '', reason: 'test' } as const;
              expect(writer.appendValues([], () => read(part) ?? undo)).toBeDefined();
            }
          }
          return writer.finish();
        };
        expect(write(true)).toEqual(write(false));
      }),
      { numRuns: 70, seed: 7 },
    );
  },
  60_000,
);

test('compileProtobufReader: generated code and closures accept and refuse the same bytes, for the same reasons', () => {
  fc.assert(
    fc.property(messages, fc.nat(), fc.nat(255), (some, position, byte) => {
      const { encodings } = encoded(some);
      const outcome = (generates: boolean) => {
        const writer = new ParquetWriter(messageColumns(some.message), { generatesCode: generates });
        const read = compileProtobufReader(some.message, writer.columns, generates);
        const parts = encodings.flatMap((bytes) => [bytes, ...damaged(bytes, position, byte)]);
        const rejections = parts.map((part) => writer.appendValues([], () => read(part)));
        return { rejections, file: writer.finish() };
      };
      expect(outcome(true)).toEqual(outcome(false));
    }),
    { numRuns: 300, seed: 3 },
  );
}, 60_000);

test('readerSource: reads all that protobuf-es writes, but times that no number holds to the microsecond', () => {
  let read = 0;
  let all = 0;
  fc.assert(
    fc.property(messages, (some) => {
      if (JSON.stringify(some.message).includes('"timestamp"')) return;
      const writer = new ParquetWriter(messageColumns(some.message));
      const wire = new WireWords();
      const append = readerSource(some.message, writer.columns, wire).compile() as (length: number) => boolean;
      for (const bytes of encoded(some).encodings) {
        wire.load(bytes);
        all++;
        if (append(bytes.length)) read++;
      }
    }),
    { numRuns: 100, seed: 5 },
  );
  expect(all).toBeGreaterThan(200);
  expect(read).toBe(all);
});
