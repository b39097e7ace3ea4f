/** What the clients know: which events were acknowledged, and where. */

/** An event that a client was told is stored. */
export interface Acknowledged {
  readonly event: string;
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  /** What must become of it: valid ones are rows, those written past the API that are not are dead letters. */
  readonly fate: 'row' | 'dead letter';
}

/** An event that is in the relay's queue: it becomes a row at least once. */
export interface Queued {
  readonly event: string;
  readonly id: string;
}

export class RecordBook {
  readonly acknowledged: Acknowledged[] = [];
  readonly queued: Queued[] = [];
  /** Events that the API refused as invalid, which they were. */
  refused = 0;
  /** Attempts that failed or were not answered: they may be stored or not. */
  unanswered = 0;
  /** What no fault explains, such as a valid event that was refused. */
  readonly surprises: string[] = [];
}
