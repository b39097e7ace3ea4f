/** The schemas that a data folder's host has registered: a version never changes once it is there. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { HostError } from './host-error.ts';

/** One run's look at the file: versions are numbered in the order of their arrival, as Glue does. */
export class SchemaRegistry {
  readonly #file: string;
  /** Definitions by the ARN of their schema, oldest first. */
  readonly #known: Map<string, string[]>;
  readonly #arrived = new Map<string, number>();

  /** @param file JSON; made with the first schema. */
  constructor(file: string) {
    this.#file = file;
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '{}';
    this.#known = new Map(Object.entries(JSON.parse(text) as Record<string, string[]>));
  }

  /**
   * Takes the schema's next version.
   * @throws HostError when an earlier run has registered another definition for it: the topic, the lake and the table
   * hold what was written with that one.
   */
  register(schemaArn: string, definition: string): void {
    const position = this.#arrived.get(schemaArn) ?? 0;
    this.#arrived.set(schemaArn, position + 1);
    const definitions = this.#known.get(schemaArn) ?? [];
    const before = definitions[position];
    if (before === definition) return;
    if (before !== undefined) {
      const schema = schemaArn.split('/').at(-1);
      const allowed = `add v${definitions.length + 1}, or take another --dir`;
      throw new HostError(`v${position + 1} of ${schema} changed since it was registered; ${allowed}`);
    }
    this.#known.set(schemaArn, [...definitions, definition]);
    // Whole or not at all, whenever the host is killed.
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#known), undefined, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
