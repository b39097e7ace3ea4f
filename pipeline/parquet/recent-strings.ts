/** The strings that a column got last, so that one which comes again need not be encoded to be recognized. */

const SLOTS = 4096;
/** Longer strings hardly come again, and would be kept alive here. */
const LENGTH_MAX = 64;
/** After this many misses, a column whose strings mostly miss is no longer looked at. */
const MISSES_MIN = 4096;

/** Known strings with their entries, one for each slot: strings that are one object compare at once. */
export class RecentStrings {
  #strings: (string | undefined)[] = [];
  #entries = new Int32Array(0);
  #hits = 0;
  #misses = 0;

  /** The entry of `value`, or -1 where it is not known here. */
  find(value: string): number {
    if (this.#misses > MISSES_MIN && this.#misses > this.#hits) return -1;
    const slot = slotOf(value);
    if (this.#strings[slot] === value) {
      this.#hits++;
      return this.#entries[slot] as number;
    }
    this.#misses++;
    return -1;
  }

  /** Makes `value` known as `entry`. */
  add(value: string, entry: number): void {
    if (value.length > LENGTH_MAX || (this.#misses > MISSES_MIN && this.#misses > this.#hits)) return;
    if (this.#strings.length === 0) {
      this.#strings = new Array(SLOTS).fill(undefined);
      this.#entries = new Int32Array(SLOTS);
    }
    const slot = slotOf(value);
    this.#strings[slot] = value;
    this.#entries[slot] = entry;
  }

  clear(): void {
    if (this.#strings.length > 0) this.#strings.fill(undefined);
    this.#hits = 0;
    this.#misses = 0;
  }
}

/** A hash of short strings, and of samples of longer ones: columns whose strings differ elsewhere mostly miss. */
function slotOf(value: string): number {
  const { length } = value;
  let hash = length;
  if (length <= 8) {
    for (let i = 0; i < length; i++) hash = Math.imul(hash, 31) + value.charCodeAt(i);
  } else {
    hash = Math.imul(hash, 31) + value.charCodeAt(0);
    hash = Math.imul(hash, 31) + value.charCodeAt(length >>> 1);
    hash = Math.imul(hash, 31) + value.charCodeAt(length - 2);
    hash = Math.imul(hash, 31) + value.charCodeAt(length - 1);
  }
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}
