/** Snappy and LZ4 as other implementations write them. */
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { unlz4 } from '../../../pipeline/kafka/lz4.ts';
import { unsnappy } from '../../../pipeline/kafka/snappy.ts';
import { compressSnappy } from '../../../pipeline/parquet/snappy.ts';

/** From incompressible to one pattern again and again, with lengths around the codecs' block sizes. */
const input = fc
  .record({
    pattern: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    repeats: fc.constantFrom(0, 1, 2, 7, 300, 3_000),
    tail: fc.uint8Array({ maxLength: 100 }),
  })
  .map(({ pattern, repeats, tail }) => Buffer.concat([...Array.from({ length: repeats }, () => pattern), tail]));

const sizes = [0, 1, 15, 59, 60, 61, 255, 256, 65_535, 65_536, 65_537, 300_000];
const fixed = sizes.flatMap((size) => [Buffer.alloc(size), Buffer.alloc(size, 'record')]);

/** As snappy-java frames them: the magic, two versions, then blocks after their lengths. */
function xerial(blocks: readonly Uint8Array[]): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const pieces = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([header, ...pieces]);
}

test('unsnappy: reads what other encoders wrote', () => {
  const roundTrips = (content: Buffer) => {
    expect(unsnappy(compressionsAlgorithms.snappy.compressSync(content)).equals(content)).toBe(true);
    expect(unsnappy(Buffer.from(compressSnappy(content))).equals(content)).toBe(true);
  };
  for (const content of fixed) roundTrips(content);
  fc.assert(fc.property(input, roundTrips), { numRuns: 60 });
});

test('unsnappy: reads the framing of snappy-java', () => {
  const parts = ['first '.repeat(20), '', 'second'].map((part) => Buffer.from(part));
  expect(unsnappy(xerial(parts.map(compressSnappy))).toString()).toBe(Buffer.concat(parts).toString());
  expect(unsnappy(xerial([]))).toHaveLength(0);
});

test('unlz4: reads what another encoder wrote', () => {
  const roundTrips = (content: Buffer) => {
    expect(unlz4(compressionsAlgorithms.lz4.compressSync(content)).equals(content)).toBe(true);
  };
  for (const content of fixed) roundTrips(content);
  fc.assert(fc.property(input, roundTrips), { numRuns: 60 });
});

test.each([
  ['unsnappy', unsnappy, compressionsAlgorithms.snappy],
  ['unlz4', unlz4, compressionsAlgorithms.lz4],
] as const)('%s: refuses what is broken, and neither hangs nor takes much memory', (_, decompress, codec) => {
  const whole = codec.compressSync(Buffer.from('some text, some text, some more text '.repeat(20)));
  const broken = fc
    .tuple(fc.nat(whole.length - 1), fc.nat(255), fc.boolean())
    .map(([at, byte, cuts]) => (cuts ? whole.subarray(0, at) : whole.with(at, byte)));
  const isRefusedOrRead = (bytes: Uint8Array) => {
    try {
      expect(decompress(Buffer.from(bytes)).length).toBeLessThan(1_000_000);
    } catch (error) {
      // Not by its class: Node's own is of another realm than Jest's.
      expect(error).toMatchObject({ name: 'RangeError' });
    }
  };
  fc.assert(fc.property(broken, isRefusedOrRead), { numRuns: 300 });
});

test('unsnappy: refuses a length that its bytes cannot hold', () => {
  const announcesGigabytes = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
  expect(() => unsnappy(announcesGigabytes)).toThrow('Cannot read Snappy: 6 bytes announce 4294967295');
});
