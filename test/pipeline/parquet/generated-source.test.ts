import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Column } from '../../../pipeline/contract/column.ts';
import { GeneratedSource } from '../../../pipeline/parquet/generated-source.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { arbitraryTable, type Table } from './arbitrary-table.ts';

test('GeneratedSource: names are words, and no two are one', () => {
  const source = new GeneratedSource();
  const wanted = ['a b', 'a_b', 'a.b', 'class', 'class', '1st', 'größe', '', 'Number', 'arguments'];
  const names = wanted.map((one) => source.name(one));
  expect(new Set(names).size).toBe(wanted.length);
  for (const name of names)
    expect(() => new Function(`'use strict'; const ${name} = 1; return ${name};`)).not.toThrow();
});

test('ParquetWriter: code is generated for columns of any name', () => {
  const names = [
    'class',
    'Number',
    'Date',
    'a b',
    'a_b',
    "'];",
    '"\n',
    '\u2028',
    'wire',
    'row',
    'level',
    'values_a',
    '',
  ];
  const columns = names.flatMap((name): Column[] => [
    { name, type: { kind: 'int', bits: 64, signed: true }, nullable: false },
    {
      name: `list ${name}`,
      type: {
        kind: 'list',
        element: {
          name: 'element',
          type: { kind: 'struct', fields: [{ name, type: { kind: 'timestamp', unit: 'micros' }, nullable: true }] },
          nullable: false,
        },
      },
      nullable: true,
    },
  ]);
  const row = Object.fromEntries(
    names.flatMap((name, i) => [
      [name, i],
      [`list ${name}`, [{ [name]: new Date(i) }, {}]],
    ]),
  );
  expect(fileOf({ columns, rows: [row] }, true)).toEqual(fileOf({ columns, rows: [row] }, false));
});

function fileOf({ columns, rows }: Table, generatesCode: boolean): { rejections: unknown[]; file: Uint8Array } {
  const writer = new ParquetWriter(columns, { generatesCode });
  return { rejections: rows.map((row) => writer.appendRow(row)), file: writer.finish() };
}

/** What a value may be instead of what its column asks for. */
const STRANGE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, Number.NaN, -0, 0.5, 2 ** 31, -(2 ** 53), '\ud800', '', [], {}, true, 1n, 2n ** 64n),
  fc.constantFrom(
    new Date(Number.NaN),
    new Date(8.64e15),
    new Date(-1),
    new Uint8Array(16),
    new Map([['a', 1]]),
    () => 1,
  ),
  fc.anything(),
);

test('ParquetWriter: generated code and closures accept and refuse the same rows, for the same reasons', () => {
  const tables = arbitraryTable(8, 2).chain((table) =>
    fc.array(fc.tuple(fc.nat(), fc.nat(), STRANGE), { minLength: 1, maxLength: 12 }).map((changes) => ({
      columns: table.columns,
      rows: changes
        .map(([row, column, value]) => {
          const name = table.columns[column % table.columns.length]?.name ?? '';
          return { ...table.rows[row % Math.max(1, table.rows.length)], [name]: value };
        })
        .concat(table.rows),
    })),
  );
  fc.assert(
    fc.property(tables, (table) => {
      expect(fileOf(table, true)).toEqual(fileOf(table, false));
    }),
    { numRuns: 400, seed: 13 },
  );
});

test('ParquetWriter, compileProtobufReader: where code from strings is forbidden, closures write the same file', () => {
  const script = join(import.meta.dirname, 'write-without-generated-code.ts');
  const run = (flags: string[]) =>
    execFileSync(process.execPath, [...flags, script])
      .toString()
      .split('\n');
  const [forbidden, allowed] = [run(['--disallow-code-generation-from-strings']), run([])];
  expect(forbidden[0]).toBe('generates: false');
  expect(allowed[0]).toBe('generates: true');
  expect(forbidden[1]).toMatch(/^[0-9a-f]{64}$/);
  expect(forbidden[1]).toBe(allowed[1]);
});
