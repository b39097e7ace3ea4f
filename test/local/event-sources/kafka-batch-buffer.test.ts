import { type BatchLimits, KafkaBatchBuffer } from '../../../local/event-sources/kafka-batch-buffer.ts';

const FOREVER_MS = 1_000_000;
const record = (offset: number, bytes = 9) => ({ partition: 0, offset: BigInt(offset), json: 'x'.repeat(bytes) });
const offsets = (batch: { offset: bigint }[]) => batch.map(({ offset }) => Number(offset));

function bufferOf(limits: Partial<BatchLimits>, ...records: ReturnType<typeof record>[]): KafkaBatchBuffer {
  const buffer = new KafkaBatchBuffer({ recordsMax: 1000, bytesMax: 1000, windowMs: FOREVER_MS, ...limits });
  for (const each of records) buffer.add(each);
  return buffer;
}

test('take gives at most recordsMax records, in their order', async () => {
  const buffer = bufferOf({ recordsMax: 2, windowMs: 0 }, record(0), record(1), record(2));
  expect(offsets(await buffer.take())).toEqual([0, 1]);
  expect(offsets(await buffer.take())).toEqual([2]);
});

test('take gives at most bytesMax bytes, and a record over it alone', async () => {
  const buffer = bufferOf(
    { bytesMax: 100, windowMs: 0 },
    record(0, 49),
    record(1, 49),
    record(2),
    record(3, 500),
    record(4),
  );
  expect(offsets(await buffer.take())).toEqual([0, 1]);
  expect(offsets(await buffer.take())).toEqual([2]);
  expect(offsets(await buffer.take())).toEqual([3]);
  expect(offsets(await buffer.take())).toEqual([4]);
});

test('take waits until a batch is full', async () => {
  const buffer = bufferOf({ recordsMax: 2 });
  const batch = buffer.take();
  buffer.add(record(0));
  await new Promise(setImmediate);
  buffer.add(record(1));
  expect(offsets(await batch)).toEqual([0, 1]);
});

test('take waits no longer than the window after the first record', async () => {
  const buffer = bufferOf({ windowMs: 30 });
  const batch = buffer.take();
  buffer.add(record(0));
  expect(offsets(await batch)).toEqual([0]);
});

test('a buffer is full at two batches, and a waiting writer goes on when one is taken', async () => {
  const buffer = bufferOf({ recordsMax: 1 }, record(0), record(1));
  expect(buffer.isFull).toBe(true);
  const room = buffer.roomOrTimeout(FOREVER_MS);
  await buffer.take();
  await room;
  expect(buffer.isFull).toBe(false);
});

test('clear forgets what was read before the group was assigned anew', async () => {
  const buffer = bufferOf({ recordsMax: 1 }, record(7));
  buffer.clear();
  buffer.add(record(3));
  expect(offsets(await buffer.take())).toEqual([3]);
});

test('close ends waiting on both sides', async () => {
  const buffer = bufferOf({ recordsMax: 1 });
  const waiting = [buffer.take(), buffer.roomOrTimeout(FOREVER_MS)];
  buffer.close();
  expect(await Promise.all(waiting)).toEqual([[], undefined]);
});
