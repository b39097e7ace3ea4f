/** Rules for failures on demand: which are active, and which one meets what happens now. */

/** How often, how long and how likely a fault is. */
export interface FaultLimits {
  /** How many it meets. @default no limit */
  readonly times?: number;
  /** How long it lasts from when it was added, in milliseconds. @default no limit */
  readonly forMs?: number;
  /** Of each that it could meet, from 0 to 1. @default 1 */
  readonly probability?: number;
}

interface ActiveRule<Rule> {
  readonly rule: Rule;
  readonly until: number;
  left: number;
}

/** The faults of one part; the first that matches what happens is the one it meets. */
export class FaultRules<Rule extends FaultLimits> {
  /** Told of each fault that happens. */
  onTaken: (rule: Rule) => void = () => {};
  readonly #active = new Set<ActiveRule<Rule>>();
  readonly #now: () => number;
  readonly #random: () => number;

  /** @param random from 0 to 1, for probabilities; a seeded one makes them repeatable. */
  constructor(now: () => number = Date.now, random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** Adds a fault; the returned function ends it. */
  add(rule: Rule): () => void {
    const { times = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY } = rule;
    const active = { rule, left: times, until: this.#now() + forMs };
    this.#active.add(active);
    return () => this.#active.delete(active);
  }

  /** Ends all faults. */
  clear(): void {
    this.#active.clear();
  }

  /** The fault that happens now, if any; it counts as one of its `times`. */
  take(matches: (rule: Rule) => boolean): Rule | undefined {
    for (const active of this.#active) {
      const { rule, until } = active;
      if (active.left <= 0 || until <= this.#now()) {
        this.#active.delete(active);
      } else if (matches(rule) && (rule.probability === undefined || this.#random() < rule.probability)) {
        active.left -= 1;
        this.onTaken(rule);
        return rule;
      }
    }
    return undefined;
  }
}
