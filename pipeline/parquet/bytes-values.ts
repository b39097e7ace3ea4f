/** The store of BYTE_ARRAY columns: strings, enums, JSON and raw bytes. */
import { isUtf8 } from 'node:buffer';
import { byteBounds, compareBytes } from './byte-bounds.ts';
import { grownBytes, grownWords, writeUint32 } from './byte-buffer.ts';
import { dictionaryIndexes } from './dictionary-indexes.ts';
import { Encoding, PhysicalType } from './format.ts';
import { bitWidth } from './rle.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** The four bytes of a value's length before its bytes, as PLAIN has it. */
const PREFIX = 4;
/** A dictionary beyond this size costs readers more than it saves. */
const DICTIONARY_BYTES_MAX = 1_048_576;
/** From this many entries on, a column that is mostly distinct is held plain. */
const SAMPLE_ENTRIES = 1024;
/** A longer probe means a poor (or attacked) hash: the column goes plain rather than slow. */
const PROBES_MAX = 128;
/** Up to this length a loop over the bytes beats a native call. */
const SHORT = 48;

const utf8 = new TextEncoder();

/**
 * Entries lie PLAIN-encoded in one heap. While the column repeats itself, equal values share an entry and rows hold
 * indexes (`#indexes` is set); once it does not, every value is an entry of its own. Columns change from the first to
 * the second form only, between rows.
 */
export class BytesValues implements Values {
  readonly physicalType = PhysicalType.byteArray;
  /** Text columns refuse bytes that are not UTF-8, and their bounds are cut between characters. */
  readonly text: boolean;
  count = 0;
  #heap: Uint8Array = new Uint8Array(0);
  #heapLength = 0;
  /** Where each entry begins, prefix included. */
  #starts = new Int32Array(0);
  #entries = 0;
  #indexes: Int32Array | undefined = new Int32Array(0);
  /** For each entry, the value that brought it, so that a refused row takes its entries with it. */
  #firstValues = new Int32Array(0);
  /** Open addressing: entry + 1, or 0. */
  #table = new Int32Array(256);
  /** The first value whose entry found no place in the table. */
  #crowdedSince = Number.POSITIVE_INFINITY;

  constructor(text: boolean) {
    this.text = text;
  }

  /** Appends text. @returns false, with nothing appended, where `value` holds half of a surrogate pair */
  pushString(value: string): boolean {
    const length = value.length;
    this.#reserve(length * 3);
    if (length > SHORT) return this.#pushLongString(value);
    const heap = this.#heap;
    const from = this.#heapLength + PREFIX;
    let hash = length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return this.#pushLongString(value);
      heap[from + i] = unit;
      hash = Math.imul(hash ^ unit, 0x01000193);
    }
    this.#add(length, hash);
    return true;
  }

  /** Appends `bytes[from, to)`. @returns false, with nothing appended, where a text column's bytes are not UTF-8 */
  pushBytes(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    this.#reserve(length);
    const heap = this.#heap;
    const start = this.#heapLength + PREFIX;
    if (length > SHORT) {
      const part = bytes.subarray(from, to);
      if (this.text && !isUtf8(part)) return false;
      heap.set(part, start);
      this.#add(length, this.#hashAt(start, length));
      return true;
    }
    let hash = length;
    let seen = 0;
    for (let i = 0; i < length; i++) {
      const byte = bytes[from + i] as number;
      seen |= byte;
      heap[start + i] = byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (seen > 0x7f && this.text && !isUtf8(bytes.subarray(from, to))) return false;
    this.#add(length, hash);
    return true;
  }

  byteLength(): number {
    return this.#heapLength + (this.#indexes ? this.count * 4 : 0);
  }

  truncate(count: number): void {
    this.count = count;
    if (!this.#indexes) {
      this.#dropEntries(count);
      return;
    }
    // Last in, first out: no entry that stays was ever probed past the slots that are cleared here.
    let kept = this.#entries;
    while (kept > 0 && (this.#firstValues[kept - 1] as number) >= count) this.#forget(--kept);
    this.#dropEntries(kept);
    if (this.#crowdedSince >= count) this.#crowdedSince = Number.POSITIVE_INFINITY;
  }

  settle(): void {
    if (!this.#indexes) return;
    const mostlyDistinct = this.#entries > SAMPLE_ENTRIES && this.#entries * 2 > this.count;
    const tooLarge = this.#heapLength > DICTIONARY_BYTES_MAX;
    if (mostlyDistinct || tooLarge || this.#crowdedSince < this.count) this.#becomePlain(this.#indexes);
  }

  encode(): EncodedValues {
    if (this.#indexes && this.#dictionaryPays(this.#indexes)) {
      return dictionaryIndexes(this.#indexes, this.count, this.#entries, this.#heap.subarray(0, this.#heapLength));
    }
    if (this.#indexes) this.#becomePlain(this.#indexes);
    return {
      encoding: Encoding.plain,
      byteLength: this.#heapLength,
      page: (from, to) => this.#heap.subarray(this.#startOf(from), this.#startOf(to)),
    };
  }

  bounds(from: number, to: number): Bounds | undefined {
    if (from === to) return undefined;
    let min = this.#entryOf(from);
    let max = min;
    for (let i = from + 1; i < to; i++) {
      const entry = this.#entryOf(i);
      if (entry === min || entry === max) continue;
      if (this.#compareEntries(entry, min) < 0) min = entry;
      else if (this.#compareEntries(entry, max) > 0) max = entry;
    }
    return byteBounds(this.#bytesOf(min), this.#bytesOf(max), this.text);
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    return compareBytes(a, b);
  }

  clear(): void {
    this.count = 0;
    this.#dropEntries(0);
    this.#crowdedSince = Number.POSITIVE_INFINITY;
    this.#indexes ??= new Int32Array(0);
    this.#table.fill(0);
  }

  #pushLongString(value: string): boolean {
    if (!value.isWellFormed()) return false;
    const start = this.#heapLength + PREFIX;
    const { written } = utf8.encodeInto(value, this.#heap.subarray(start));
    this.#add(written, this.#hashAt(start, written));
    return true;
  }

  /** Every byte of short values, and enough of long ones: both ends and the length. */
  #hashAt(start: number, length: number): number {
    const heap = this.#heap;
    let hash = length;
    const head = Math.min(length, SHORT);
    for (let i = 0; i < head; i++) hash = Math.imul(hash ^ (heap[start + i] as number), 0x01000193);
    for (let i = Math.max(head, length - SHORT); i < length; i++) {
      hash = Math.imul(hash ^ (heap[start + i] as number), 0x01000193);
    }
    return hash;
  }

  /** Makes the bytes that lie at the heap's end a value: a new entry, or the equal one that exists. */
  #add(length: number, hash: number): void {
    if (this.#indexes === undefined) {
      this.#addEntry(length);
      this.count++;
      return;
    }
    if (this.count === this.#indexes.length) this.#indexes = grownWords(this.#indexes, this.count + 1);
    this.#indexes[this.count] = this.#find(length, hash);
    this.count++;
  }

  #find(length: number, hash: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = spread(hash) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (table[slot] as number) - 1;
      if (entry < 0) {
        table[slot] = this.#entries + 1;
        const added = this.#addEntry(length);
        if (this.#entries * 2 > table.length) this.#rehash();
        return added;
      }
      if (this.#equalsTail(entry, length)) return entry;
      slot = (slot + 1) & mask;
    }
    this.#crowdedSince = Math.min(this.#crowdedSince, this.count);
    return this.#addEntry(length);
  }

  #addEntry(length: number): number {
    const entry = this.#entries++;
    if (entry === this.#starts.length) {
      this.#starts = grownWords(this.#starts, entry + 1);
      if (this.#indexes) this.#firstValues = grownWords(this.#firstValues, this.#starts.length);
    }
    this.#starts[entry] = this.#heapLength;
    if (this.#indexes) this.#firstValues[entry] = this.count;
    writeUint32(this.#heap, this.#heapLength, length);
    this.#heapLength += PREFIX + length;
    return entry;
  }

  #equalsTail(entry: number, length: number): boolean {
    const heap = this.#heap;
    const start = this.#starts[entry] as number;
    if (this.#startOf(entry + 1) - start !== PREFIX + length) return false;
    const tail = this.#heapLength;
    for (let i = PREFIX; i < PREFIX + length; i++) if (heap[start + i] !== heap[tail + i]) return false;
    return true;
  }
  #rehash(): void {
    const table = new Int32Array(this.#table.length * 4);
    const mask = table.length - 1;
    for (let entry = 0; entry < this.#entries; entry++) {
      let slot = this.#hashOf(entry) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = entry + 1;
    }
    this.#table = table;
  }

  #forget(entry: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#hashOf(entry) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (table[slot] === entry + 1) table[slot] = 0;
      slot = (slot + 1) & mask;
    }
  }

  #hashOf(entry: number): number {
    const start = this.#startOf(entry) + PREFIX;
    return spread(this.#hashAt(start, this.#startOf(entry + 1) - start));
  }

  #dictionaryPays(indexes: Int32Array): boolean {
    const indexBytes = (this.count * bitWidth(Math.max(1, this.#entries - 1))) / 8;
    return this.#heapLength + indexBytes < this.#plainLength(indexes);
  }

  #plainLength(indexes: Int32Array): number {
    let length = 0;
    for (let i = 0; i < this.count; i++) {
      const entry = indexes[i] as number;
      length += this.#startOf(entry + 1) - this.#startOf(entry);
    }
    return length;
  }

  #becomePlain(indexes: Int32Array): void {
    const heap = new Uint8Array(this.#plainLength(indexes));
    const starts = new Int32Array(this.count);
    let length = 0;
    for (let i = 0; i < this.count; i++) {
      const entry = indexes[i] as number;
      const start = this.#startOf(entry);
      const end = this.#startOf(entry + 1);
      starts[i] = length;
      if (end - start <= SHORT)
        for (let at = start; at < end; at++) heap[length + at - start] = this.#heap[at] as number;
      else heap.set(this.#heap.subarray(start, end), length);
      length += end - start;
    }
    this.#heap = heap;
    this.#heapLength = length;
    this.#starts = starts;
    this.#entries = this.count;
    this.#indexes = undefined;
  }

  #reserve(length: number): void {
    const needed = this.#heapLength + PREFIX + length;
    if (needed > this.#heap.length) this.#heap = grownBytes(this.#heap, needed);
  }

  #dropEntries(kept: number): void {
    this.#heapLength = this.#startOf(kept);
    this.#entries = kept;
  }

  #startOf(entry: number): number {
    return entry === this.#entries ? this.#heapLength : (this.#starts[entry] as number);
  }

  #entryOf(index: number): number {
    return this.#indexes ? (this.#indexes[index] as number) : index;
  }

  #bytesOf(entry: number): Uint8Array {
    return this.#heap.subarray(this.#startOf(entry) + PREFIX, this.#startOf(entry + 1));
  }

  #compareEntries(a: number, b: number): number {
    const heap = this.#heap;
    const endA = this.#startOf(a + 1);
    const endB = this.#startOf(b + 1);
    let atA = this.#startOf(a) + PREFIX;
    let atB = this.#startOf(b) + PREFIX;
    while (atA < endA && atB < endB) {
      const difference = (heap[atA++] as number) - (heap[atB++] as number);
      if (difference !== 0) return difference;
    }
    return endA - atA - (endB - atB);
  }
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
