/** Keys of records that form a chain for each Kafka partition: named by their start, and descending as offsets ascend. */

/** Where in its chain a record stands. */
export interface ChainPlace {
  readonly partition: number;
  readonly start: number;
}

/** The largest number of 19 digits; offsets are subtracted from it so that names descend. */
const NAME_MAX = 9_999_999_999_999_999_999n;
const NAME_DIGITS = 19;
const PLACE = /^(\d+)\/(\d{19})\.json$/;

/** @param prefix of the chains, with a slash at the end. */
export function chainKey(prefix: string, partition: number, start: number): string {
  const name = (NAME_MAX - BigInt(start)).toString().padStart(NAME_DIGITS, '0');
  return `${prefix}${partition}/${name}.json`;
}

/**
 * Undefined when the key is none of the chains below the prefix. A place has one key: another spelling of it, such as
 * `00/` for partition 0, would be the same record under a second name, and a loader would load it twice.
 */
export function parseChainKey(prefix: string, key: string): ChainPlace | undefined {
  const match = key.startsWith(prefix) ? PLACE.exec(key.slice(prefix.length)) : null;
  if (!match) {
    return undefined;
  }
  const place = { partition: Number(match[1]), start: Number(NAME_MAX - BigInt(match[2] ?? 0)) };
  const isCanonical = Number.isSafeInteger(place.start) && chainKey(prefix, place.partition, place.start) === key;
  return isCanonical ? place : undefined;
}
