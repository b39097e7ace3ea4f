/** Functions made from text, where the platform allows it: each field gets code, and inline caches, of its own. */

/** False in processes that forbid code from strings, such as `node --disallow-code-generation-from-strings`. */
export function allowsGeneratedCode(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

/** Lines one step further to the right. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Source text that refers to objects of this program by names. */
export class GeneratedSource {
  readonly #constants = new Map<unknown, string>();
  readonly #names = new Set<string>();
  readonly #lines: string[] = [];

  /** Adds lines of code. */
  add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** A name like `wanted` that nothing else in the source has. */
  name(wanted: string): string {
    const plain = wanted.replaceAll(/\W/g, '_');
    const start = /^[a-z_]/i.test(plain) ? plain : `_${plain}`;
    let name = start;
    for (let i = 2; this.#names.has(name) || RESERVED.has(name); i++) name = `${start}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** The name under which the code finds `value`; one name for the same value. */
  constant(value: unknown, wanted: string): string {
    let name = this.#constants.get(value);
    if (name === undefined) {
      name = this.name(wanted);
      this.#constants.set(value, name);
    }
    return name;
  }

  /** Compiles the lines, of which the last returns the result. */
  compile(): unknown {
    const make = new Function(...this.#constants.values(), this.text());
    return make(...this.#constants.keys());
  }

  /** The code, to be read. */
  text(): string {
    return ["'use strict';", ...this.#lines].join('\n');
  }
}

/** Words that a column may be called and a variable may not. */
const RESERVED = new Set(
  `await break case catch class const continue debugger default delete do else enum eval export extends false finally
  for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield arguments
  Array Date NaN Number Object`.split(/\s+/),
);
