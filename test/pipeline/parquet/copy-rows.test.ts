import fc from 'fast-check';
import type { Column } from '../../../pipeline/contract/column.ts';
import { rowCopier } from '../../../pipeline/parquet/copy-rows.ts';
import { CorruptParquetError } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter, type ParquetWriterOptions } from '../../../pipeline/parquet/parquet-writer.ts';
import { arbitraryTable, everyLeafType, type Table } from './arbitrary-table.ts';

/** Small limits, so that few rows make several pages and row groups. */
const OPTIONS: ParquetWriterOptions = { rowGroupBytes: 400, pageRows: 3 };

function write({ columns, rows }: Table, options = OPTIONS): Uint8Array {
  const writer = new ParquetWriter(columns, options);
  for (const row of rows) {
    expect(writer.appendRow(row)).toBeUndefined();
  }
  return writer.finish();
}

function copy(files: readonly Uint8Array[], columns: readonly Column[], options = OPTIONS): Uint8Array {
  const writer = new ParquetWriter(columns, options);
  for (const bytes of files) {
    const { rows, copyRow } = rowCopier(bytes, writer.columns);
    for (let row = 0; row < rows; row++) {
      writer.appendValues([], copyRow);
    }
  }
  return writer.finish();
}

test('rowCopier: a copy has the same bytes as its original, whatever the columns and values', () => {
  fc.assert(
    fc.property(arbitraryTable(60, 3), (table) => {
      const original = write(table);
      expect(Buffer.from(copy([original], table.columns)).equals(original)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('rowCopier: several files become what one file of all their rows is', () => {
  fc.assert(
    fc.property(arbitraryTable(60, 2), fc.array(fc.nat(60), { maxLength: 4 }), ({ columns, rows }, cuts) => {
      const bounds = [0, ...cuts.map((cut) => Math.min(cut, rows.length)).sort((a, b) => a - b), rows.length];
      const parts = bounds.slice(1).map((end, index) => write({ columns, rows: rows.slice(bounds[index], end) }));
      expect(Buffer.from(copy(parts, columns)).equals(write({ columns, rows }))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('rowCopier: a text column that turned plain within its row group is copied too', () => {
  const columns: Column[] = [{ name: 'text', type: { kind: 'string' }, nullable: false }];
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ text: `value ${index}` }));
  const original = write({ columns, rows }, {});
  expect(Buffer.from(copy([original], columns, {})).equals(original)).toBe(true);
});

test('rowCopier: refuses files of other columns, cut files, other codecs and encodings', () => {
  const columns = everyLeafType();
  const bytes = write({ columns, rows: [] });
  const open = (file: Uint8Array, wanted = columns) => rowCopier(file, new ParquetWriter(wanted).columns);
  expect(() => open(bytes, columns.slice(1))).toThrow(/it has the columns c0, .* are expected/);
  expect(() => open(bytes.subarray(0, bytes.length - 1))).toThrow(CorruptParquetError);
  const one: Column[] = [{ name: 'n', type: { kind: 'int', bits: 32, signed: true }, nullable: false }];
  const rows = Array.from({ length: 3000 }, (_, n) => ({ n }));
  expect(() => open(write({ columns: one, rows }, { compression: 'snappy' }), one).copyRow()).toThrow('the codec 1');
  expect(() => open(write({ columns: one, rows }, { deltaEncodings: true }), one).copyRow()).toThrow('the encoding 5');
  expect(() => open(write({ columns: one, rows: [] }), one).copyRow()).toThrow('the file has only 0');
});
