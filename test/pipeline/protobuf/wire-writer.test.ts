import fc from 'fast-check';
import protobuf from 'protobufjs';
import { LENGTH_DELIMITED, VARINT, WireWriter } from '../../../pipeline/protobuf/wire-writer.ts';

function written(write: (out: WireWriter) => void): Uint8Array {
  const out = new WireWriter();
  write(out);
  return out.bytes();
}

const reader = (bytes: Uint8Array): protobuf.Reader => protobuf.Reader.create(bytes);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// The examples of protobuf.dev, "Encoding", and the bounds of each length.
test.each([
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [150, '9601'],
  [16_383, 'ff7f'],
  [16_384, '808001'],
  [2 ** 31 - 1, 'ffffffff07'],
  [2 ** 31, '8080808008'],
  [2 ** 32 - 1, 'ffffffff0f'],
  [2 ** 32, '8080808010'],
  [2 ** 53 - 1, 'ffffffffffffff0f'],
  [-1, 'ffffffffffffffffff01'],
  [-2, 'feffffffffffffffff01'],
  [-(2 ** 31), '80808080f8ffffffff01'],
  [-(2 ** 53) + 1, '81808080808080f0ff01'],
])('WireWriter.varint: %d is %s', (value, expected) => {
  expect(hex(written((out) => out.varint(value)))).toBe(expected);
});

test('WireWriter.varint: writes what protobufjs reads, for every safe integer', () => {
  const property = fc.property(fc.maxSafeInteger(), (value) => {
    const read = reader(written((out) => out.varint(value))).int64();
    expect(BigInt(String(read))).toBe(BigInt(value));
  });
  fc.assert(property, { numRuns: 1000 });
});

test('WireWriter.varint64 and fixed64: write both words, whatever their sign', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
  const property = fc.property(word, word, (low, high) => {
    const expected = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    expect(BigInt(String(reader(written((out) => out.varint64(low, high))).uint64()))).toBe(expected);
    expect(BigInt(String(reader(written((out) => out.fixed64(low, high))).fixed64()))).toBe(expected);
  });
  fc.assert(property, { numRuns: 1000 });
});

test('WireWriter.tag: the largest field number keeps its wire type', () => {
  expect(reader(written((out) => out.tag(2 ** 29 - 1, LENGTH_DELIMITED))).uint32()).toBe(2 ** 32 - 6);
  expect(hex(written((out) => out.tag(1, VARINT)))).toBe('08');
});

test('WireWriter.fixed32, float and double: are little-endian', () => {
  expect(hex(written((out) => out.fixed32(0xffff_fffe)))).toBe('feffffff');
  expect(hex(written((out) => out.fixed32(-2)))).toBe('feffffff');
  expect(hex(written((out) => out.float(1)))).toBe('0000803f');
  expect(hex(written((out) => out.double(1)))).toBe('000000000000f03f');
});

test('WireWriter.text: writes UTF-8 of any length, ASCII or not', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'z', '\0', 'é', '日', '🚀'), maxLength: 300 });
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(text, ascii), (value) => {
      expect(reader(written((out) => out.text(value))).string()).toBe(value);
    }),
  );
  for (const length of [0, 31, 32, 33, 126, 127, 128, 5000]) {
    const value = 'x'.repeat(length);
    expect(reader(written((out) => out.text(value))).string()).toBe(value);
    expect(reader(written((out) => out.text(`${value}é`))).string()).toBe(`${value}é`);
  }
});

test('WireWriter.close: puts the length in front of parts of every size, also nested ones', () => {
  for (const size of [0, 1, 126, 127, 128, 16_382, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21]) {
    const content = Buffer.alloc(size, 0xab);
    const bytes = written((out) => {
      const outer = out.open();
      const inner = out.open();
      out.blob(content);
      out.close(inner);
      out.fixed32(7);
      out.close(outer);
      out.varint(9);
    });
    const whole = reader(bytes);
    const outer = reader(whole.bytes());
    expect(Buffer.compare(reader(outer.bytes()).bytes(), content)).toBe(0);
    expect([outer.fixed32(), outer.pos === outer.len, whole.uint32(), whole.pos === whole.len]).toEqual([
      7,
      true,
      9,
      true,
    ]);
  }
});

test('WireWriter: grows at any offset, so that what was written before stays', () => {
  for (let before = 1000; before < 1030; before++) {
    const bytes = written((out) => {
      out.blob(Buffer.alloc(before, 1));
      out.text('a'.repeat(30));
      out.varint64(-1, -1);
      out.text('é'.repeat(40));
      out.double(0.5);
    });
    const all = reader(bytes);
    expect(all.bytes()).toHaveLength(before);
    expect(all.string()).toBe('a'.repeat(30));
    expect([String(all.uint64()), all.string(), all.double()]).toEqual([String(2n ** 64n - 1n), 'é'.repeat(40), 0.5]);
  }
});

test('WireWriter.bytes: is a copy that the next message does not change', () => {
  const out = new WireWriter();
  out.text('first');
  const first = out.bytes();
  out.reset();
  out.text('other');
  expect(reader(first).string()).toBe('first');
  expect(reader(out.bytes()).string()).toBe('other');
});
