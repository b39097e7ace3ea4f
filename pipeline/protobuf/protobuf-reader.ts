/** Protobuf wire bytes straight into columns: no object is made of a record. */
import type { MessageType } from '../contract/message.ts';
import { type ColumnNode, undoRows } from '../parquet/column-tree.ts';
import { allowsGeneratedCode } from '../parquet/generated-source.ts';
import type { Rejection } from '../parquet/rejection.ts';
import { closureReader } from './closure-reader.ts';
import { readerSource } from './reader-source.ts';
import { WireWords } from './wire-words.ts';

/** Appends one row from a message's bytes, or says why they were refused. Never throws. */
export type ProtobufReader = (bytes: Uint8Array) => Rejection | undefined;

/**
 * Compiles the reader that appends one row of `columns` from the bytes of one `message`. Columns are found by name: a
 * field without a column is skipped, and a column without a field gets null, an empty list or map, or its type's
 * default, so that rows of an older message version land in the columns of a newer one.
 *
 * After a refusal the columns hold part of a row, which `ParquetWriter.appendValues` takes back. Semantics are
 * Protobuf's: unknown fields are skipped, the last occurrence of a singular field counts, sub-messages merge, repeated
 * scalars may be packed or not, an absent scalar is its default. Stricter than Protobuf, because nothing may change
 * silently: an absent required sub-message, an enum number without a name and a known field of another wire type are
 * refused.
 *
 * Where the platform allows it, code is generated for the message. It gives up at whatever is wrong or unusual; such a
 * row is taken back and read by closures, which know every case. So both ways read the same rows.
 *
 * @throws TypeError where a field's type does not fit its column
 */
export function compileProtobufReader(
  message: MessageType,
  columns: readonly ColumnNode[],
  generates: boolean = allowsGeneratedCode(),
): ProtobufReader {
  const exact = closureReader(message, columns);
  if (!generates) return exact;
  const wire = new WireWords();
  // A topic's older versions may never come: code is made for the first message.
  let read: ((length: number) => boolean) | undefined;
  const leaves = columns.flatMap((column) => column.leaves);
  return (bytes) => {
    const rows = leaves[0]?.levels.rows ?? 0;
    wire.load(bytes);
    read ??= readerSource(message, columns, wire).compile() as (length: number) => boolean;
    if (read(bytes.length)) return undefined;
    undoRows(leaves, rows);
    return exact(bytes);
  };
}
