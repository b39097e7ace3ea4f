/** Fields of a message while its bytes are scanned: what was seen of them, and the columns they end in. */
import { appendAbsent, type ColumnNode } from '../parquet/column-tree.ts';
import { type Rejection, reject, rejectAt } from '../parquet/rejection.ts';
import type { ValueReader } from './scalar-reader.ts';
import type { RangeReader } from './timestamp-reader.ts';
import { type WireCursor, WireType } from './wire-cursor.ts';

/**
 * A field's part of the scan. `take` is called at each occurrence with the cursor behind the tag and moves past the
 * value; `finish` is called once, after the last one, and appends what is left to append. A field keeps state between
 * the two only, so `forget` is needed after a rejection and nowhere else.
 */
export interface FieldReader {
  readonly name: string;
  take(cursor: WireCursor, wireType: number, repetition: number): Rejection | undefined;
  finish(cursor: WireCursor, repetition: number): Rejection | undefined;
  forget(): void;
}

/** What a singular field without an occurrence appends, or why it may not be absent. */
export type AbsentAppender = (repetition: number) => Rejection | undefined;

const otherWireType = reject('wire', 'the value is encoded as another type than the schema has');

/** A singular scalar or enum: only the place of the last occurrence matters. */
export class ScalarField implements FieldReader {
  readonly name: string;
  /** The other members of the field's oneof. */
  rivals: readonly FieldReader[] = [];
  readonly #wireType: number;
  readonly #read: ValueReader;
  readonly #absent: AbsentAppender;
  /** 0 before the first occurrence: a value never lies there, its tag comes first. */
  #at = 0;

  constructor(name: string, wireType: number, read: ValueReader, absent: AbsentAppender) {
    this.name = name;
    this.#wireType = wireType;
    this.#read = read;
    this.#absent = absent;
  }

  take(cursor: WireCursor, wireType: number): Rejection | undefined {
    if (wireType !== this.#wireType) return otherWireType;
    for (const rival of this.rivals) rival.forget();
    this.#at = cursor.at;
    cursor.skip(wireType, 0);
    return undefined;
  }

  finish(cursor: WireCursor, repetition: number): Rejection | undefined {
    if (this.#at === 0) return this.#absent(repetition);
    cursor.at = this.#at;
    this.#at = 0;
    return this.#read(cursor, repetition);
  }

  forget(): void {
    this.#at = 0;
  }
}

/** A singular sub-message: several occurrences merge, which is to read their bytes one after the other. */
export class MessageField implements FieldReader {
  readonly name: string;
  rivals: readonly FieldReader[] = [];
  readonly #read: RangeReader;
  readonly #absent: AbsentAppender;
  #parts: Uint8Array[] = [];
  #from = 0;
  #to = 0;

  constructor(name: string, read: RangeReader, absent: AbsentAppender) {
    this.name = name;
    this.#read = read;
    this.#absent = absent;
  }

  take(cursor: WireCursor, wireType: number): Rejection | undefined {
    if (wireType !== WireType.delimited) return otherWireType;
    for (const rival of this.rivals) rival.forget();
    if (this.#from > 0) this.#parts.push(cursor.bytes.subarray(this.#from, this.#to));
    const length = cursor.length();
    this.#from = cursor.at;
    this.#to = cursor.at + length;
    cursor.at = this.#to;
    return undefined;
  }

  finish(cursor: WireCursor, repetition: number): Rejection | undefined {
    if (this.#from === 0) return this.#absent(repetition);
    const from = this.#from;
    const to = this.#to;
    this.#from = 0;
    if (this.#parts.length === 0) return this.#read(cursor.bytes, from, to, repetition);
    const merged = Buffer.concat([...this.#parts, cursor.bytes.subarray(from, to)]);
    this.#parts = [];
    return this.#read(merged, 0, merged.length, repetition);
  }

  forget(): void {
    this.#from = 0;
    if (this.#parts.length > 0) this.#parts = [];
  }
}

/** A repeated field: elements are appended as they come, packed or not. */
export class RepeatedField implements FieldReader {
  readonly name: string;
  readonly #list: ColumnNode;
  readonly #wireType: number;
  readonly #read: ValueReader;
  #count = 0;

  constructor(name: string, list: ColumnNode, wireType: number, read: ValueReader) {
    this.name = name;
    this.#list = list;
    this.#wireType = wireType;
    this.#read = read;
  }

  take(cursor: WireCursor, wireType: number, repetition: number): Rejection | undefined {
    if (wireType === this.#wireType) return this.#element(cursor, repetition);
    if (wireType !== WireType.delimited) return otherWireType;
    const outerEnd = cursor.end;
    const length = cursor.length();
    cursor.end = cursor.at + length;
    let rejection: Rejection | undefined;
    while (cursor.at < cursor.end && !cursor.failed && !rejection) rejection = this.#element(cursor, repetition);
    cursor.end = outerEnd;
    return rejection;
  }

  finish(_cursor: WireCursor, repetition: number): Rejection | undefined {
    if (this.#count === 0) appendAbsent(this.#list, this.#list.definition, repetition);
    this.#count = 0;
    return undefined;
  }

  forget(): void {
    this.#count = 0;
  }

  #element(cursor: WireCursor, repetition: number): Rejection | undefined {
    const index = this.#count++;
    const rejection = this.#read(cursor, index === 0 ? repetition : this.#list.repetition + 1);
    return rejection && rejectAt(`[${index}]`, rejection);
  }
}

/** A map: of entries with the same key the last one counts, so none is appended before all are seen. */
export class MapField implements FieldReader {
  readonly name: string;
  readonly #map: ColumnNode;
  readonly #readEntry: RangeReader;
  readonly #keyOf: EntryKey;
  /** From and to of each entry. */
  #entries: [number, number][] = [];

  constructor(name: string, map: ColumnNode, readEntry: RangeReader, keyOf: EntryKey) {
    this.name = name;
    this.#map = map;
    this.#readEntry = readEntry;
    this.#keyOf = keyOf;
  }

  take(cursor: WireCursor, wireType: number): Rejection | undefined {
    if (wireType !== WireType.delimited) return otherWireType;
    const length = cursor.length();
    this.#entries.push([cursor.at, cursor.at + length]);
    cursor.at += length;
    return undefined;
  }

  finish(cursor: WireCursor, repetition: number): Rejection | undefined {
    const entries = this.#entries;
    if (entries.length === 0) {
      appendAbsent(this.#map, this.#map.definition, repetition);
      return undefined;
    }
    this.#entries = [];
    let level = repetition;
    let index = 0;
    for (const [from, to] of this.#lastOfEachKey(cursor.bytes, entries)) {
      const rejection = this.#readEntry(cursor.bytes, from, to, level);
      if (rejection) return rejectAt(`[${index}]`, rejection);
      level = this.#map.repetition + 1;
      index++;
    }
    return undefined;
  }

  forget(): void {
    this.#entries = [];
  }

  #lastOfEachKey(bytes: Uint8Array, entries: readonly [number, number][]): Iterable<[number, number]> {
    if (entries.length === 1) return entries;
    const byKey = new Map<string, [number, number]>();
    for (const entry of entries) byKey.set(this.#keyOf(bytes, ...entry), entry);
    return byKey.values();
  }
}

/** A text that two map entries share exactly when their keys are equal; of malformed entries, any text. */
export type EntryKey = (bytes: Uint8Array, from: number, to: number) => string;
