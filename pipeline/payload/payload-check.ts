/** Columns that keep nothing: what they refuse, the sink would refuse. */
import type { Column } from '../contract/column.ts';
import type { ValueLimits } from '../contract/value-limits.ts';
import type { ColumnNode } from '../parquet/column-tree.ts';
import { ParquetWriter } from '../parquet/parquet-writer.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';

export interface PayloadCheck {
  /** What a reader may append to. */
  readonly columns: readonly ColumnNode[];
  /** Whether `append` can append one row; whatever it appends is taken back. */
  readonly run: (append: () => Rejection | undefined) => Rejection | undefined;
  /** Whether the columns take the values, one each. */
  readonly values: (values: readonly unknown[]) => Rejection | undefined;
}

/** A refusal takes a row back, and so a row that fits is refused as well. */
const fits = reject('type', 'the row fits');

/** @param limits of the warehouse. @default what the types allow */
export function payloadCheck(columns: readonly Column[], limits?: ValueLimits): PayloadCheck {
  const writer = new ParquetWriter(columns, limits && { limits });
  const outcome = (rejection: Rejection | undefined) => (rejection === fits ? undefined : rejection);
  return {
    columns: writer.columns,
    run: (append) => outcome(writer.appendValues([], () => append() ?? fits)),
    values: (values) => outcome(writer.appendValues(values, () => fits)),
  };
}
