import { glueHeader, unframe } from '../../pipeline/framing.ts';

const ID = '01234567-89ab-cdef-0123-456789abcdef';

test('glueHeader: what it frames, unframe reads, wherever the value lies in its buffer', () => {
  const value = Buffer.concat([Buffer.from('xx'), glueHeader(ID), Buffer.from('payload')]).subarray(2);
  const unframed = unframe(value);
  expect(unframed).toMatchObject({ registry: 'glue', schemaVersionId: ID });
  expect('payload' in unframed && Buffer.from(unframed.payload).toString()).toBe('payload');
  expect([...glueHeader(ID).subarray(0, 4)]).toEqual([3, 0, 0x01, 0x23]);
});

test.each(['', 'x', ID.slice(1), `${ID}00`])('glueHeader: refuses %j, which is no UUID', (id) => {
  expect(() => glueHeader(id)).toThrow(`Cannot frame payloads with "${id}"`);
});

test('unframe: reads Confluent’s framing of the first message', () => {
  const value = Buffer.concat([Buffer.from('x'), Buffer.from([0, 0, 1, 0, 2, 0]), Buffer.from('p')]).subarray(1);
  expect(unframe(value)).toEqual({ registry: 'confluent', schemaId: 65_538, payload: Buffer.from('p') });
  expect(unframe(Buffer.from([0, 0, 0, 0, 1, 2, 1]))).toHaveProperty('reason');
});

test('unframe: reads Confluent’s framing of other formats than Protobuf, which has no message indexes', () => {
  const value = Buffer.concat([Buffer.from([0, 0, 1, 0, 2]), Buffer.from('{}')]);
  expect(unframe(value, false)).toEqual({ registry: 'confluent', schemaId: 65_538, payload: Buffer.from('{}') });
  expect(unframe(value.subarray(0, 4), false)).toHaveProperty('reason');
});

test.each([[[]], [[3]], [[0, 0]], [[1, 2, 3]], [Buffer.from('{"a":1}')]])(
  'unframe: %j is a reason, not an exception',
  (bytes) => {
    expect(unframe(Uint8Array.from(bytes))).toEqual({ reason: expect.any(String) });
  },
);
