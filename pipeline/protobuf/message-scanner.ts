/** The fast path of a message: every occurrence of a field goes into its column as it comes. */
import { type Rejection, reject, rejectAt } from '../parquet/rejection.ts';
import type { AbsentAppender, FieldReader } from './field-reader.ts';
import { hasKeyAgain } from './map-entry-key.ts';
import { WireCursor, WireType } from './wire-cursor.ts';

/** Appends the message in `bytes[from, to)` to its columns. */
export type RangeReader = (bytes: Uint8Array, from: number, to: number, repetition: number) => Rejection | undefined;

/**
 * Set where a message does not say everything once: a singular field, two members of a oneof or a map's key came
 * again. Rare and legal, so the row is undone and read from its canonical form instead.
 */
export interface Ambiguity {
  found: boolean;
}

const malformed = reject('wire', 'the bytes are not a Protobuf message');
export const otherWireType = reject('wire', 'the value is encoded as another type than the schema has');
const again = reject('wire', 'the field came again');

/**
 * The reader of messages with these fields. Columns are independent of each other, so the order of fields is free;
 * `absents` are columns that the message does not have.
 */
export function messageScanner(
  byNumber: ReadonlyMap<number, FieldReader>,
  absents: readonly AbsentAppender[],
  ambiguity: Ambiguity,
): RangeReader {
  const fields = [...byNumber.values()];
  // Field numbers below 128, nearly all there are, by index: a hash look-up for each field would show.
  const low = Array.from({ length: 128 }, (_, number) => byNumber.get(number));
  const cursor = new WireCursor();

  const scan = (repetition: number): Rejection | undefined => {
    while (cursor.at < cursor.end) {
      const tag = cursor.uint32();
      const number = tag >>> 3;
      const field = number < 128 ? low[number] : byNumber.get(number);
      if (field) {
        const rejection = takeField(field, cursor, tag & 7, repetition, ambiguity);
        if (rejection) return rejectAt(field.name, rejection);
      } else if (number === 0) return malformed;
      else cursor.skip(tag & 7, number);
      if (cursor.failed) return field ? rejectAt(field.name, malformed) : malformed;
    }
    return undefined;
  };

  const finish = (repetition: number): Rejection | undefined => {
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as FieldReader;
      if (field.count === 0) {
        const rejection = field.absent(repetition);
        if (rejection) return rejectAt(field.name, rejection);
      } else if (field.keyOf && hasKeyAgain(field.ranges, field.keyOf, cursor.bytes)) {
        ambiguity.found = true;
        return again;
      }
      field.forget();
    }
    for (const absent of absents) absent(repetition);
    return undefined;
  };

  return (bytes, from, to, repetition) => {
    cursor.reset(bytes, from, to);
    const rejection = scan(repetition) ?? finish(repetition);
    if (rejection) for (const field of fields) field.forget();
    return rejection;
  };
}

/** Appends the occurrence that begins at the cursor, behind its tag. */
function takeField(
  field: FieldReader,
  cursor: WireCursor,
  wireType: number,
  repetition: number,
  ambiguity: Ambiguity,
): Rejection | undefined {
  if (wireType !== field.wireType) {
    return field.packable && wireType === WireType.delimited ? takePacked(field, cursor, repetition) : otherWireType;
  }
  if (field.repeats > 0) return takeElement(field, cursor, repetition);
  if (field.count++ > 0 || (field.rivals.length > 0 && field.rivals.some(wasSeen))) {
    ambiguity.found = true;
    return again;
  }
  return field.read(cursor, repetition);
}

function wasSeen(field: FieldReader): boolean {
  return field.count > 0;
}

function takeElement(field: FieldReader, cursor: WireCursor, repetition: number): Rejection | undefined {
  const index = field.count++;
  const from = cursor.at;
  const level = index === 0 ? repetition : field.repeats;
  field.entries?.present(level);
  const rejection = field.read(cursor, level);
  if (field.keyOf) field.ranges.push(contentStart(cursor, from), cursor.at);
  return rejection && rejectAt(`[${index}]`, rejection);
}

/** Behind the length of the delimited value that begins at `from`. */
function contentStart({ bytes, at }: WireCursor, from: number): number {
  lengths.reset(bytes, from, at);
  lengths.uint32();
  return lengths.at;
}

const lengths = new WireCursor();

function takePacked(field: FieldReader, cursor: WireCursor, repetition: number): Rejection | undefined {
  const outerEnd = cursor.end;
  const length = cursor.length();
  cursor.end = cursor.at + length;
  let rejection: Rejection | undefined;
  while (cursor.at < cursor.end && !cursor.failed && !rejection) rejection = takeElement(field, cursor, repetition);
  cursor.end = outerEnd;
  return rejection;
}
