/** The store of BYTE_ARRAY columns: strings, enums, JSON and raw bytes. */
import { byteBounds, compareBytes } from './byte-bounds.ts';
import { grownWords } from './byte-buffer.ts';
import { ByteEntries } from './byte-entries.ts';
import { hashBytes, viewOf } from './byte-view.ts';
import { deltaBytes } from './delta-values.ts';
import { dictionaryIndexes } from './dictionary-indexes.ts';
import { EntryTable } from './entry-table.ts';
import { Encoding, PhysicalType } from './format.ts';
import { RecentStrings } from './recent-strings.ts';
import { type Rejection, reject } from './rejection.ts';
import { bitWidth } from './rle.ts';
import { isText, writeUtf8 } from './utf8.ts';
import type { ValueCheck } from './value-check.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** A dictionary beyond this size costs readers more than it saves. */
const DICTIONARY_BYTES_MAX = 1_048_576;
/** From this many entries on, a column is held plain where three values in four are new. */
const SAMPLE_ENTRIES = 8192;

const notUnicode = reject('unicode', 'text must be Unicode, and half of a surrogate pair is not');
const notUtf8 = reject('unicode', 'a string must be UTF-8');

/**
 * While a column repeats itself, equal values share an entry and rows hold indexes (`#indexes` is set); once it does
 * not, every value is an entry of its own. A column turns plain between rows, and only for the rest of its row group.
 */
export class BytesValues implements Values {
  readonly physicalType = PhysicalType.byteArray;
  /** Text columns refuse bytes that are not UTF-8, and their bounds are cut between characters. */
  readonly text: boolean;
  count = 0;
  #entries = new ByteEntries();
  #indexes: Int32Array<ArrayBuffer> | undefined = new Int32Array(0);
  /** For each entry, the value that brought it, so that a refused row takes its entries with it. */
  #firstValues = new Int32Array(0);
  readonly #table = new EntryTable();
  readonly #recent = new RecentStrings();
  /** The first value whose entry found no place in the table. */
  #crowdedSince = Number.POSITIVE_INFINITY;
  /** What the table's warehouse allows; looked at once for each value that is an entry. */
  readonly #check: ValueCheck | undefined;
  /** Why the last push that was refused was. */
  refusal: Rejection = notUtf8;

  constructor(text: boolean, check?: ValueCheck) {
    this.text = text;
    this.#check = check;
  }

  /** Appends text. @returns false, with nothing appended, where `refusal` tells why */
  pushString(value: string): boolean {
    const indexes = this.#indexes;
    if (indexes !== undefined) {
      const recent = this.#recent.find(value);
      if (recent >= 0) {
        this.#addIndex(indexes, recent);
        return true;
      }
    }
    const entries = this.#entries;
    const from = entries.reserve(value.length * 3);
    const to = writeUtf8(value, entries.heap, from);
    if (to < 0) return this.#refuse(notUnicode);
    if (indexes === undefined) {
      const rejection = this.#check?.(entries.heap, from, to);
      if (rejection) return this.#refuse(rejection);
      entries.commit(to - from);
      this.count++;
      return true;
    }
    const hash = hashBytes(entries.view, from, to);
    let entry = this.#table.find(hash, entries, entries.view, from, to);
    if (entry < 0) {
      const rejection = this.#check?.(entries.heap, from, to);
      if (rejection) return this.#refuse(rejection);
      entries.commit(to - from);
      entry = this.#register(hash);
    }
    this.#addIndex(indexes, entry);
    this.#recent.add(value, entry);
    return true;
  }

  /** Appends `bytes[from, to)`. @returns false, with nothing appended, where `refusal` tells why */
  pushBytes(bytes: Uint8Array, from: number, to: number): boolean {
    const entries = this.#entries;
    if (this.#indexes === undefined) {
      const rejection = this.#rejection(bytes, from, to);
      if (rejection) return this.#refuse(rejection);
      entries.add(bytes, from, to);
      this.count++;
      return true;
    }
    const view = viewOf(bytes);
    const hash = hashBytes(view, from, to);
    let entry = this.#table.find(hash, entries, view, from, to);
    if (entry < 0) {
      // Whatever equals an entry was checked when the entry came.
      const rejection = this.#rejection(bytes, from, to);
      if (rejection) return this.#refuse(rejection);
      entries.add(bytes, from, to);
      entry = this.#register(hash);
    }
    this.#addIndex(this.#indexes, entry);
    return true;
  }

  byteLength(): number {
    return this.#entries.byteLength + (this.#indexes ? this.count * 4 : 0);
  }

  truncate(count: number): void {
    this.count = count;
    if (!this.#indexes) {
      this.#entries.truncate(count);
      return;
    }
    let kept = this.#entries.count;
    while (kept > 0 && (this.#firstValues[kept - 1] as number) >= count) kept--;
    if (kept < this.#entries.count) this.#recent.clear();
    this.#entries.truncate(kept);
    this.#table.truncate(kept);
    if (this.#crowdedSince >= count) this.#crowdedSince = Number.POSITIVE_INFINITY;
  }

  settle(): void {
    if (!this.#indexes) return;
    const { count, byteLength } = this.#entries;
    const mostlyDistinct = count > SAMPLE_ENTRIES && count * 4 > this.count * 3;
    const crowded = this.#crowdedSince < this.count;
    if (mostlyDistinct || crowded || byteLength > DICTIONARY_BYTES_MAX) this.#becomePlain(this.#indexes);
  }

  encode(delta: boolean): EncodedValues {
    if (this.#indexes && this.#dictionaryPays(this.#indexes)) {
      const { count } = this.#entries;
      return dictionaryIndexes(this.#indexes, this.count, count, this.#entries.plain(0, count));
    }
    if (this.#indexes) this.#becomePlain(this.#indexes);
    if (delta && this.count > 0) return deltaBytes(this.#entries);
    return {
      encoding: Encoding.plain,
      byteLength: this.#entries.byteLength,
      page: (from, to) => this.#entries.plain(from, to),
    };
  }

  bounds(from: number, to: number): Bounds | undefined {
    if (from === to) return undefined;
    const { min, max } = this.#indexes
      ? this.#dictionaryExtremes(this.#indexes, from, to)
      : this.#entries.extremes(from, to);
    return byteBounds(this.#entries.contentOf(min), this.#entries.contentOf(max), this.text);
  }

  visitBytes(visit: (bytes: Uint8Array, from: number, to: number) => void): void {
    const entries = this.#entries;
    for (let entry = 0; entry < entries.count; entry++) {
      const end = entries.startOf(entry + 1);
      visit(entries.heap, end - entries.lengthOf(entry), end);
    }
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    return compareBytes(a, b);
  }

  clear(): void {
    this.count = 0;
    this.#entries.truncate(0);
    this.#table.clear();
    this.#recent.clear();
    this.#indexes ??= new Int32Array(0);
    this.#crowdedSince = Number.POSITIVE_INFINITY;
  }

  #rejection(bytes: Uint8Array, from: number, to: number): Rejection | undefined {
    if (this.text && !isText(bytes, from, to)) return notUtf8;
    return this.#check?.(bytes, from, to);
  }

  #refuse(rejection: Rejection): false {
    this.refusal = rejection;
    return false;
  }

  #addIndex(indexes: Int32Array<ArrayBuffer>, entry: number): void {
    let room = indexes;
    if (this.count === indexes.length) {
      room = grownWords(indexes, this.count + 1);
      this.#indexes = room;
    }
    room[this.count++] = entry;
  }

  /** Makes the entry that was just added known. */
  #register(hash: number): number {
    const entry = this.#entries.count - 1;
    if (entry === this.#firstValues.length) this.#firstValues = grownWords(this.#firstValues, entry + 1);
    this.#firstValues[entry] = this.count;
    if (!this.#table.insert(hash, entry, this.#entries)) this.#crowdedSince = Math.min(this.#crowdedSince, this.count);
    return entry;
  }

  /** Each entry of the dictionary is compared once, however often it occurs. */
  #dictionaryExtremes(indexes: Int32Array, from: number, to: number): { readonly min: number; readonly max: number } {
    const entries = this.#entries;
    const compared = new Uint8Array(entries.count);
    let min = indexes[from] as number;
    let max = min;
    for (let i = from + 1; i < to; i++) {
      const entry = indexes[i] as number;
      if (compared[entry] === 1) continue;
      compared[entry] = 1;
      if (entries.compare(entry, min) < 0) min = entry;
      else if (entries.compare(entry, max) > 0) max = entry;
    }
    return { min, max };
  }

  #dictionaryPays(indexes: Int32Array): boolean {
    const entries = this.#entries;
    const length = entries.byteLength + (this.count * bitWidth(entries.count)) / 8;
    // A plain value takes four bytes at least, which mostly decides without a look at each.
    if (length < this.count * 4) return true;
    let plainLength = 0;
    for (let i = 0; i < this.count; i++) plainLength += 4 + entries.lengthOf(indexes[i] as number);
    return length < plainLength;
  }

  #becomePlain(indexes: Int32Array): void {
    const shared = this.#entries;
    const own = new ByteEntries();
    for (let i = 0; i < this.count; i++) own.addFrom(shared, indexes[i] as number);
    this.#entries = own;
    this.#indexes = undefined;
  }
}
