/** Definition and repetition levels of one leaf column (Dremel's record shredding). */
import { grownBytes } from './byte-buffer.ts';
import type { LevelRange } from './level-range.ts';

/**
 * One entry per value or absence, in row order, of all leaves that share these levels. Leaves without optional or
 * repeated ancestors have a count only. The fields are open to the page encoder; only these methods write them.
 */
export class Levels {
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  definitions: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  repetitions: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  count = 0;
  /** What was encoded of them (see `levelRange`). */
  readonly ranges = new Map<string, LevelRange>();
  /** Entries without a value. */
  absences = 0;
  /** Entries at repetition level 0, counted where the two numbers can differ. */
  #repeatedRows = 0;

  constructor(maxDefinition: number, maxRepetition: number) {
    this.maxDefinition = maxDefinition;
    this.maxRepetition = maxRepetition;
  }

  /** Rows begun. */
  get rows(): number {
    return this.maxRepetition > 0 ? this.#repeatedRows : this.count;
  }

  /** Values that each leaf of these levels must have. */
  get valueCount(): number {
    return this.count - this.absences;
  }

  /** An entry with a value; `repetition` tells which repeated ancestor it continues, 0 begins a row. */
  present(repetition: number): void {
    if (this.maxDefinition > 0) this.#entry(this.maxDefinition, repetition);
    else this.count++;
  }

  /** An entry without a value: `definition` of its ancestors are there. */
  absent(definition: number, repetition: number): void {
    this.absences++;
    this.#entry(definition, repetition);
  }

  /** Drops the entries of a row that was begun and not finished. */
  dropAfterRow(rows: number): void {
    while (this.rows > rows) {
      const at = --this.count;
      if (this.maxDefinition > 0 && this.definitions[at] !== this.maxDefinition) this.absences--;
      if (this.maxRepetition > 0 && this.repetitions[at] === 0) this.#repeatedRows--;
    }
  }

  /** The index of the entry that begins `rows` rows after the row that begins at entry `from`. */
  skipRows(from: number, rows: number): number {
    if (this.maxRepetition === 0) return Math.min(this.count, from + rows);
    let at = from;
    let begun = 0;
    while (at < this.count) {
      if (this.repetitions[at] === 0 && begun++ === rows) break;
      at++;
    }
    return at;
  }

  /** How many of the entries in `[from, to)` have a value. */
  countValues(from: number, to: number): number {
    if (this.maxDefinition === 0) return to - from;
    let values = 0;
    for (let at = from; at < to; at++) if (this.definitions[at] === this.maxDefinition) values++;
    return values;
  }

  /** Memory that the levels take. */
  byteLength(): number {
    return (this.maxDefinition > 0 ? this.count : 0) + (this.maxRepetition > 0 ? this.count : 0);
  }

  clear(): void {
    this.count = 0;
    this.absences = 0;
    this.ranges.clear();
    this.#repeatedRows = 0;
  }

  #entry(definition: number, repetition: number): void {
    const at = this.count++;
    if (at === this.definitions.length) this.#grow();
    this.definitions[at] = definition;
    if (this.maxRepetition === 0) return;
    this.repetitions[at] = repetition;
    if (repetition === 0) this.#repeatedRows++;
  }

  #grow(): void {
    const needed = this.count + 1;
    this.definitions = grownBytes(this.definitions, needed);
    if (this.maxRepetition > 0) this.repetitions = grownBytes(this.repetitions, needed);
  }
}
