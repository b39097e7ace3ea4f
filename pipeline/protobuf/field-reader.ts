/** One field of a message while its bytes become columns. */
import type { Levels } from '../parquet/levels.ts';
import type { Rejection } from '../parquet/rejection.ts';
import type { EntryKey } from './map-entry-key.ts';
import type { ValueReader } from './scalar-reader.ts';

/** Appends what a field without an occurrence is, or tells why it may not be absent. */
export type AbsentAppender = (repetition: number) => Rejection | undefined;

export interface FieldPlan {
  readonly name: string;
  /** Of one occurrence. */
  readonly wireType: number;
  /** Repeated scalars, which may also come packed. */
  readonly packable: boolean;
  readonly read: ValueReader;
  readonly absent: AbsentAppender;
  /** The repetition level of all occurrences but the first; 0 for a singular field, which may have one only. */
  readonly repeats: number;
  /** Of repeated fields and maps: notes each element (see `ColumnNode`). */
  readonly entries: Levels | undefined;
  /** Of maps, whose entries must differ in their keys. */
  readonly keyOf: EntryKey | undefined;
}

/** A plan with what was seen of the field in the current message. One class for all kinds keeps the scan monomorphic. */
export class FieldReader implements FieldPlan {
  readonly name: string;
  readonly wireType: number;
  readonly packable: boolean;
  readonly read: ValueReader;
  readonly absent: AbsentAppender;
  readonly repeats: number;
  readonly entries: Levels | undefined;
  readonly keyOf: EntryKey | undefined;
  /** The other members of its oneof. */
  rivals: readonly FieldReader[] = [];
  count = 0;
  /** Of maps: from and to of each entry's content. */
  ranges: number[] = [];

  constructor(plan: FieldPlan) {
    this.name = plan.name;
    this.wireType = plan.wireType;
    this.packable = plan.packable;
    this.read = plan.read;
    this.absent = plan.absent;
    this.repeats = plan.repeats;
    this.entries = plan.entries;
    this.keyOf = plan.keyOf;
  }

  forget(): void {
    this.count = 0;
    if (this.ranges.length > 0) this.ranges = [];
  }
}
