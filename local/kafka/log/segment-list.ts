/** The segments of one log, oldest first; the last one is active. */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openAll } from '../storage/open-all.ts';
import { type PlacedBatch, Segment, type SegmentDraft } from './segment.ts';

/** There is always at least one segment. */
export class SegmentList implements Iterable<Segment> {
  readonly #folder: string;
  #segments: readonly Segment[];

  /** Opens what is in `folder`; an empty folder gets a segment that starts at `startOffset`. */
  constructor(folder: string, startOffset: number) {
    this.#folder = folder;
    const names = readdirSync(folder);
    for (const name of names) if (name.endsWith('.draft')) rmSync(join(folder, name));
    const bases = names.filter((name) => name.endsWith('.log')).map((name) => Number.parseInt(name, 10));
    const sorted = bases.length === 0 ? [startOffset] : bases.toSorted((a, b) => a - b);
    this.#segments = openAll(sorted, (base) => new Segment(folder, base));
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.#segments[Symbol.iterator]();
  }

  get active(): Segment {
    return this.#at(this.#segments.length - 1);
  }

  /** Where the oldest one begins. */
  get baseOffset(): number {
    return this.#at(0).baseOffset;
  }

  /** All but the active one. */
  get closed(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** The largest timestamp in the log; -1 when it is empty. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1);
  }

  /** Where a closed segment ends: at the start of the next one. */
  endOf(segment: Segment): number {
    return this.#segments[this.#segments.indexOf(segment) + 1]?.baseOffset ?? Number.POSITIVE_INFINITY;
  }

  /** The batch that holds `offset`, or the first one after it, which compaction may have moved to a later segment. */
  find(offset: number): { readonly segment: Segment; readonly batch: PlacedBatch } | undefined {
    const last = this.#segments.findLastIndex((segment) => segment.baseOffset <= offset);
    for (const segment of this.#segments.slice(Math.max(last, 0))) {
      const batch = segment.find(offset);
      if (batch !== undefined) return { segment, batch };
    }
    return undefined;
  }

  /** Closes the active segment, which ends at `nextOffset`, and starts the next. */
  roll(nextOffset: number): Segment {
    const next = new Segment(this.#folder, nextOffset);
    this.active.seal(nextOffset);
    this.#segments = [...this.#segments, next];
    return this.active;
  }

  /** Deletes the closed segments that end at or before `offset`. */
  dropBefore(offset: number): void {
    const dropped = this.closed.filter((segment) => this.endOf(segment) <= offset);
    this.#segments = this.#segments.slice(dropped.length);
    for (const segment of dropped) segment.delete();
  }

  has(segment: Segment): boolean {
    return this.#segments.includes(segment);
  }

  /**
   * Puts a draft in the place of its closed segment. One without records goes altogether, as it would hold two files
   * open for good; only the first stays, because the log begins where it does.
   */
  replace(segment: Segment, draft: SegmentDraft): void {
    if (draft.bytes === 0 && segment !== this.#segments[0]) {
      this.#segments = this.#segments.filter((one) => one !== segment);
      segment.delete();
      return;
    }
    const next = draft.replace(this.endOf(segment));
    this.#segments = this.#segments.map((one) => (one === segment ? next : one));
  }

  /**
   * Checks everything from `fromOffset` on and cuts what is torn or corrupt; older segments only get an index if theirs
   * is lost. Calls `visit` for each whole batch from `fromOffset` on. Closes all when it fails.
   */
  recover(fromOffset: number, visit: (segment: Segment, batch: PlacedBatch) => void): void {
    try {
      for (const segment of this.#segments) {
        const end = this.endOf(segment);
        if (end > fromOffset) segment.recover(fromOffset, (batch) => visit(segment, batch));
        else if (!segment.sealed) segment.recover(Number.POSITIVE_INFINITY, () => {});
        if (end !== Number.POSITIVE_INFINITY && !segment.sealed) segment.seal(end);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  #at(index: number): Segment {
    const segment = this.#segments[index];
    if (segment === undefined) throw new Error(`Cannot use "${this.#folder}": it has no segment`);
    return segment;
  }
}
