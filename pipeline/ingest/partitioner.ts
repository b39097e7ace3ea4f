/** Which partition a keyed record goes to: the same as Kafka's Java client and kafkajs choose. */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const ROTATION = 24;

/** `toPositive(murmur2(key)) % partitions`, as in Apache Kafka's `BuiltInPartitioner.partitionForKey`. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions;
}

/** Murmur2 in the 32-bit form of `org.apache.kafka.common.utils.Utils.murmur2`. */
function murmur2(data: Uint8Array): number {
  const { length } = data;
  const byte = (index: number): number => data[index] ?? 0;
  let hash = SEED ^ length;
  for (let at = 0; at + 4 <= length; at += 4) {
    let word = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> ROTATION;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const tail = length & ~3;
  if (tail < length) {
    for (let at = length - 1; at >= tail; at--) {
      hash ^= byte(at) << (8 * (at - tail));
    }
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
