/** Files for a reader of another language, each with the rows it must find as JSON. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Column } from '../../../../pipeline/contract/column.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../../pipeline/parquet/parquet-writer.ts';
import { arbitraryStruct, arbitraryTable, everyLeafType, everyNesting, type Table } from '../arbitrary-table.ts';

/** Writes `<name>.parquet` and `<name>.json` into the folder. @returns the names */
export async function writeFixtures(folder: string): Promise<string[]> {
  const columns = everyLeafType();
  const everyType = { columns, rows: fc.sample(arbitraryStruct(columns), { numRuns: 300, seed: 3 }) };
  const fixtures: [string, Table, ParquetWriterOptions][] = [
    ['every-type-zstd', everyType, {}],
    ['every-type-snappy', everyType, { compression: 'snappy', rowGroupBytes: 20_000, pageRows: 9 }],
    ['every-type-plain', everyType, { compression: 'uncompressed', pageRows: 50 }],
    ['every-type-delta', everyType, { deltaEncodings: true, pageRows: 130, bloomColumns: ['c22', 'c14'] }],
  ];
  const nestings = everyNesting();
  const everyPlace = { columns: nestings, rows: fc.sample(arbitraryStruct(nestings), { numRuns: 40, seed: 4 }) };
  fixtures.push(['every-nesting', everyPlace, {}]);
  fixtures.push(['every-nesting-delta', everyPlace, { deltaEncodings: true, pageRows: 7, compression: 'snappy' }]);
  fixtures.push(['sorted', sortedText(), { deltaEncodings: true, pageRows: 100, bloomColumns: ['id'] }]);
  for (const [i, table] of fc.sample(arbitraryTable(60, 3), { numRuns: 60, seed: 5 }).entries()) {
    fixtures.push([`nested-${i}`, table, { pageRows: 1 + i, rowGroupBytes: i % 2 === 0 ? 1000 : 2 ** 20 }]);
  }
  for (const [name, table, options] of fixtures) await writeFixture(folder, name, table, options);
  return fixtures.map(([name]) => name);
}

/** Text that begins as its neighbours do, which is what DELTA_BYTE_ARRAY is for. */
function sortedText(): Table {
  const columns: Column[] = [
    { name: 'id', type: { kind: 'string' }, nullable: false },
    { name: 'raw', type: { kind: 'bytes' }, nullable: true },
  ];
  const rows = Array.from({ length: 700 }, (_, i) => {
    const id = `https://example.com/größe/${String(i * i).padStart(7, '0')}`;
    return { id, raw: i % 9 === 0 ? null : Buffer.concat([Buffer.from([0xff]), Buffer.from(id)]) };
  });
  return { columns, rows };
}

async function writeFixture(folder: string, name: string, table: Table, options: ParquetWriterOptions): Promise<void> {
  const writer = new ParquetWriter(table.columns, options);
  for (const row of table.rows) {
    const rejection = writer.appendRow(row);
    if (rejection) throw new Error(`Cannot write fixture "${name}": ${JSON.stringify(rejection)}`);
  }
  const rows = table.rows.map((row) => table.columns.map((column) => plain(column, row[column.name] ?? null)));
  await writeFile(join(folder, `${name}.parquet`), writer.finish({ fixture: name }));
  await writeFile(join(folder, `${name}.json`), JSON.stringify({ columns: table.columns, rows }));
}

/** Values as JSON that loses nothing: integers as text, floats as the bytes of a double, bytes as hex. */
function plain({ type }: Column, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'float':
      return doubleBytes(Math.fround(value as number));
    case 'double':
      return doubleBytes(value as number);
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'timestamp':
      return String(value instanceof Date ? BigInt(value.getTime()) * 1000n : value);
    case 'struct':
      return type.fields.map((field) => plain(field, (value as Record<string, unknown>)[field.name]));
    case 'list':
      return (value as unknown[]).map((item) => plain(type.element, item));
    case 'map':
      return [...(value as Map<unknown, unknown>)].map(([key, item]) => [
        plain(type.key, key),
        plain(type.value, item),
      ]);
    case 'boolean':
      return value;
    default:
      return String(value);
  }
}

function doubleBytes(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Number.isNaN(value) ? 'nan' : bytes.toString('hex');
}
