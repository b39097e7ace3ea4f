import { Partitioners } from 'kafkajs';
import { partitionForKey } from '../../../pipeline/ingest/partitioner.ts';

/** What kafkajs's partitioner that is compatible with Kafka's Java client chooses. */
function javaPartition(key: Buffer, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  return Partitioners.DefaultPartitioner()({ topic: 'orders', partitionMetadata, message: { key, value: null } });
}

/** A fixed sequence, so that a failure can be repeated. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

test('partitionForKey: agrees with Kafka’s Java client for keys of every length and every byte', () => {
  const random = pseudoRandom(1);
  for (let length = 1; length < 200; length++) {
    for (const partitions of [1, 3, 4, 50, 1000]) {
      const key = Buffer.from(Array.from({ length }, () => random.next().value >>> 24));
      expect(partitionForKey(key, partitions)).toBe(javaPartition(key, partitions));
    }
  }
});

test('partitionForKey: agrees with the hashes in Kafka’s own UtilsTest', () => {
  const hashes = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    expect(partitionForKey(Buffer.from(key), 2 ** 31)).toBe(hash & 0x7fff_ffff);
  }
});
