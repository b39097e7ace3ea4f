/** The offsets that consumer groups have committed, and those that wait for the end of a transaction. */

import { Journal } from '../storage/journal.ts';

/** One committed position. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

type OffsetEntry =
  | { readonly group: string; readonly offsets: readonly CommittedOffset[] }
  | { readonly group: string; readonly producerId: number; readonly offsets: readonly CommittedOffset[] }
  | { readonly ended: number; readonly committed: boolean }
  | { readonly group: string; readonly removed: readonly { readonly topic: string; readonly partition: number }[] }
  | { readonly deletedGroup: string }
  | { readonly deletedTopic: string };

type Offsets = Map<string, CommittedOffset>;

/** All committed offsets, in memory and in a journal: what a call has returned survives `kill -9`. */
export class CommittedOffsets {
  readonly #groups = new Map<string, Offsets>();
  /** By producer id, then group. */
  readonly #pending = new Map<number, Map<string, Offsets>>();
  readonly #journal: Journal<OffsetEntry>;

  constructor(path: string) {
    this.#journal = new Journal(path, { replay: (entry) => this.#apply(entry), snapshot: () => this.#snapshot() });
  }

  get groups(): Iterable<string> {
    return this.#groups.keys();
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  find(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(keyOf(topic, partition));
  }

  all(group: string): readonly CommittedOffset[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }

  /** Whether a transaction that is still open has offsets for the partition. */
  isUnstable(group: string, topic: string, partition: number): boolean {
    return [...this.#pending.values()].some((groups) => groups.get(group)?.has(keyOf(topic, partition)));
  }

  commit(group: string, offsets: readonly CommittedOffset[]): void {
    this.#record({ group, offsets });
  }

  /** Keeps offsets until `endTransaction` of the producer. */
  commitInTransaction(producerId: number, group: string, offsets: readonly CommittedOffset[]): void {
    this.#record({ group, producerId, offsets });
  }

  /** Makes the producer's pending offsets the committed ones, or drops them. Without any it does nothing. */
  endTransaction(producerId: number, committed: boolean): void {
    if (this.#pending.has(producerId)) this.#record({ ended: producerId, committed });
  }

  remove(group: string, removed: readonly { readonly topic: string; readonly partition: number }[]): void {
    this.#record({ group, removed });
  }

  deleteGroup(group: string): void {
    if (this.#groups.has(group)) this.#record({ deletedGroup: group });
  }

  deleteTopic(topic: string): void {
    const isKnown = this.#everywhere().some((offsets) => offsets.values().some((offset) => offset.topic === topic));
    if (isKnown) this.#record({ deletedTopic: topic });
  }

  close(): void {
    this.#journal.close();
  }

  #record(entry: OffsetEntry): void {
    this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply(entry: OffsetEntry): void {
    if ('ended' in entry) this.#end(entry.ended, entry.committed);
    else if ('deletedGroup' in entry) this.#groups.delete(entry.deletedGroup);
    else if ('deletedTopic' in entry) this.#dropTopic(entry.deletedTopic);
    else if ('removed' in entry) {
      for (const { topic, partition } of entry.removed) this.#groups.get(entry.group)?.delete(keyOf(topic, partition));
    } else if ('producerId' in entry) {
      const groups = this.#pending.get(entry.producerId) ?? new Map<string, Offsets>();
      this.#pending.set(entry.producerId, groups);
      put(groups, entry.group, entry.offsets);
    } else put(this.#groups, entry.group, entry.offsets);
  }

  #end(producerId: number, committed: boolean): void {
    if (committed) {
      for (const [group, offsets] of this.#pending.get(producerId) ?? []) put(this.#groups, group, offsets.values());
    }
    this.#pending.delete(producerId);
  }

  #dropTopic(topic: string): void {
    for (const offsets of this.#everywhere()) {
      for (const [key, offset] of offsets) if (offset.topic === topic) offsets.delete(key);
    }
  }

  /** Those that are committed, and those that a transaction may still commit. */
  #everywhere(): readonly Offsets[] {
    return [this.#groups, ...this.#pending.values()].flatMap((groups) => [...groups.values()]);
  }

  #snapshot(): readonly OffsetEntry[] {
    const committed = [...this.#groups].map(([group, offsets]) => ({ group, offsets: [...offsets.values()] }));
    const pending = [...this.#pending].flatMap(([producerId, groups]) =>
      [...groups].map(([group, offsets]) => ({ group, producerId, offsets: [...offsets.values()] })),
    );
    return [...committed, ...pending];
  }
}

function put(groups: Map<string, Offsets>, group: string, offsets: Iterable<CommittedOffset>): void {
  const known = groups.get(group) ?? new Map<string, CommittedOffset>();
  groups.set(group, known);
  for (const offset of offsets) known.set(keyOf(offset.topic, offset.partition), offset);
}

/** Topic names have no slash. */
function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
