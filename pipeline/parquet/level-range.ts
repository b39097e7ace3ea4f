/** The levels of a page's rows, encoded once for all leaves that share them. */
import { ByteBuffer, writeUint32 } from './byte-buffer.ts';
import type { Levels } from './levels.ts';
import { bitWidth, encodeRle } from './rle.ts';

/** Some rows' entries, which begin where those of the rows before them end. */
export interface LevelRange {
  /** The first entry after them. */
  readonly to: number;
  /** How many have a value. */
  readonly valueCount: number;
  /** Repetition and definition levels as a data page begins with them. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** Levels as words, like dictionary indexes: code that sees one type of array is compiled once. */
let words = new Int32Array(0);

/** The range of `rows` rows, or as many as are left, from entry `from` on. */
export function levelRange(levels: Levels, from: number, rows: number): LevelRange {
  const key = `${from}+${rows}`;
  const known = levels.ranges.get(key);
  if (known) return known;
  const to = levels.skipRows(from, rows);
  const range = { to, valueCount: levels.countValues(from, to), bytes: levelBytes(levels, from, to) };
  levels.ranges.set(key, range);
  return range;
}

function levelBytes({ maxRepetition, maxDefinition, repetitions, definitions }: Levels, from: number, to: number) {
  if (maxDefinition === 0) return NO_BYTES;
  const bytes = new ByteBuffer();
  if (maxRepetition > 0) appendLevel(bytes, repetitions, from, to, maxRepetition);
  appendLevel(bytes, definitions, from, to, maxDefinition);
  return bytes.view();
}

function appendLevel(bytes: ByteBuffer, levels: Uint8Array, from: number, to: number, max: number): void {
  const lengthAt = bytes.length;
  bytes.uint32(0);
  if (words.length < to - from) words = new Int32Array((to - from) * 2);
  words.set(levels.subarray(from, to));
  encodeRle(bytes, words, 0, to - from, bitWidth(max));
  writeUint32(bytes.bytes, lengthAt, bytes.length - lengthAt - 4);
}
