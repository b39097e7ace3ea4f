import fc from 'fast-check';
import { ByteEntries } from '../../../pipeline/parquet/byte-entries.ts';

/** Few kinds of bytes, so that entries share beginnings, and differ in length alone. */
const bytes = fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 12 }).map((some) => Uint8Array.from(some));

test('ByteEntries.extremes: are the first and the last in the order of unsigned bytes', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 20 }), (all) => {
      const entries = new ByteEntries();
      for (const one of all) entries.add(one, 0, one.length);
      const { min, max } = entries.extremes(0, all.length);
      const sorted = all.toSorted(Buffer.compare);
      expect([all[min], all[max]]).toEqual([sorted[0], sorted.at(-1)]);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
