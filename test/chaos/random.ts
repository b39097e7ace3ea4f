/** Randomness that a seed repeats. */

/** A number from 0 to below 1. */
export type Random = () => number;

/** mulberry32. Streams of different names from one seed are independent of each other. */
export function seededRandom(seed: number, name: string): Random {
  let state = seed;
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`, both included. */
export const between = (random: Random, min: number, max: number): number =>
  min + Math.floor(random() * (max - min + 1));

/** One of the values. @throws Error when there is none. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  if (values.length === 0) throw new Error('Cannot pick from nothing');
  return values[Math.floor(random() * values.length)] as Value;
}
