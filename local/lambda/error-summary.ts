/** Functions' errors on the console: once each, then by count. */
import type { FunctionError } from './invocation.ts';

/** An error that repeats is said again after this time, with its count. */
const REPEAT_MS = 10_000;

/**
 * Writes `<function>: <type>: <message>` for an error that is new, and at most every REPEAT_MS for one that repeats; the
 * log file has all of them.
 */
export class ErrorSummary {
  readonly #log: (line: string) => void;
  readonly #seen = new Map<string, { saidAt: number; since: number }>();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  add(functionName: string, { errorType, errorMessage }: FunctionError): void {
    const key = `${functionName}: ${errorType}: ${errorMessage.replace(/^RequestId: \S+ /, '').split('\n')[0]}`;
    const now = Date.now();
    const entry = this.#seen.get(key);
    if (entry !== undefined && now - entry.saidAt < REPEAT_MS) {
      entry.since++;
      return;
    }
    this.#seen.set(key, { saidAt: now, since: 0 });
    this.#log(entry?.since ? `${key} (${entry.since} times more)` : key);
  }
}
