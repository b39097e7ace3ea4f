import { CorruptParquetError, inspectParquet } from '../../../pipeline/parquet/inspect-parquet.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';

function smallFile(): Uint8Array {
  const writer = new ParquetWriter([
    { name: 'id', type: { kind: 'string' }, nullable: false },
    { name: 'amount', type: { kind: 'int', bits: 64, signed: true }, nullable: true },
  ]);
  for (let i = 0; i < 50; i++) writer.appendRow({ id: `order-${i}`, amount: i % 3 === 0 ? null : i });
  return writer.finish({ topic: 'orders' });
}

test('inspectParquet: reports rows, columns and metadata of a whole file', () => {
  expect(inspectParquet(smallFile())).toEqual({
    rows: 50,
    rowGroups: 1,
    columns: ['id', 'amount'],
    metadata: { topic: 'orders' },
    createdBy: expect.stringContaining('headrace'),
  });
});

test('inspectParquet: refuses a file cut at any byte, at either end', () => {
  const file = smallFile();
  for (let cut = 0; cut < file.length; cut++) {
    expect(() => inspectParquet(file.subarray(0, cut))).toThrow(CorruptParquetError);
    if (cut > 0) expect(() => inspectParquet(file.subarray(cut))).toThrow(CorruptParquetError);
  }
});

test('inspectParquet: notices any changed bit of a page', () => {
  const file = smallFile();
  const footerLength = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 8, true);
  const pagesEnd = file.length - 8 - footerLength;
  let unnoticed = 0;
  for (let at = 4; at < pagesEnd; at++) {
    const broken = file.slice();
    broken[at] = (broken[at] as number) ^ 0x10;
    try {
      inspectParquet(broken);
      unnoticed++;
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptParquetError);
    }
  }
  // Page headers have no checksum: a few of their bits (an encoding's number) can change unseen; page bodies cannot.
  expect(unnoticed).toBeLessThan(40);
});
