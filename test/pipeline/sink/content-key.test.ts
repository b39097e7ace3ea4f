import { contentKey, getContent } from '../../../pipeline/sink/content-key.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

const BODY = Buffer.from('PAR1 some rows PAR1');

test('contentKey: ends with 16 digits of the SHA-256 of the body', () => {
  expect(contentKey('data/0-0-4', 'parquet', BODY)).toBe('data/0-0-4-aaa29ab490f80b10.parquet');
});

test('getContent: returns what was written, and refuses every body that differs in a bit or is cut off', async () => {
  const lake = memoryObjectStore();
  const key = contentKey('data/0-0-4', 'parquet', BODY);
  await lake.put(key, BODY);
  expect(Buffer.from(await getContent(lake, key))).toEqual(BODY);
  const flipped = Array.from(BODY, (_, at) => BODY.map((byte, index) => (index === at ? byte ^ 0x10 : byte)));
  for (const body of [...flipped, BODY.subarray(0, -1), new Uint8Array()]) {
    await lake.put(key, body);
    await expect(getContent(lake, key)).rejects.toThrow(`Cannot read "${key}": it was changed`);
  }
});

test('getContent: refuses a key without a hash, and takes a merged file as it is', async () => {
  const lake = memoryObjectStore();
  await lake.put('data/x.parquet', BODY);
  await expect(getContent(lake, 'data/x.parquet')).rejects.toThrow('it was changed');
  await lake.put('data/country=DE/compacted-0-0-8-0123456789abcdef.parquet', BODY);
  expect(await getContent(lake, 'data/country=DE/compacted-0-0-8-0123456789abcdef.parquet')).toBeDefined();
});
