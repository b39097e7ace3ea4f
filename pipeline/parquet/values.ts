/** What every kind of leaf value store offers to the writer, whatever it holds. */

/** The least and the greatest value of a page or chunk, PLAIN-encoded without a length. */
export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  /** False where a long string was cut to a shorter bound that still holds. */
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

/** The values of a column chunk in the encoding that was chosen for it. */
export interface EncodedValues {
  readonly encoding: number;
  readonly dictionary?: { readonly count: number; readonly bytes: Uint8Array };
  /** Size of all values in this encoding, dictionary aside, to cut pages by. */
  readonly byteLength: number;
  /** The values `[from, to)` as a data page carries them; valid until the next call. */
  page(from: number, to: number): Uint8Array;
}

/** Typed values of one leaf column, without its absences. Rows are appended by the store's own typed methods. */
export interface Values {
  readonly physicalType: number;
  readonly count: number;
  /** Memory that the values take, in bytes. */
  byteLength(): number;
  /** Drops the values from index `count` on: the ones of a row that was refused. */
  truncate(count: number): void;
  /** Called between whole rows: the store may change how it holds its values. */
  settle(): void;
  /** The smallest of the encodings; `delta` allows the ones that not every reader knows. */
  encode(delta: boolean): EncodedValues;
  /** Over `[from, to)`; undefined where no order is defined (all NaN) or no bound is known. */
  bounds(from: number, to: number): Bounds | undefined;
  /** Visits the PLAIN bytes of each value, without a length; of equal values perhaps only one. */
  visitBytes(visit: (bytes: Uint8Array, from: number, to: number) => void): void;
  /** Which of two bounds is the lesser: negative when `a` is. */
  compare(a: Uint8Array, b: Uint8Array): number;
  clear(): void;
}
