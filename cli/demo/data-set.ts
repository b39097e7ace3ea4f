/** A public data set that the demo sends as events and finds again as rows. */

export interface DemoEvent {
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A number that source and table must agree on, each computed in its own way. */
export interface Check {
  readonly label: string;
  /** One row with one integer. */
  readonly sql: string;
  readonly expected: number;
}

export interface DataSet {
  readonly event: string;
  readonly source: string;
  readonly size: number;
  /** Made when it is sent, so that a large set is in memory once. @param index from 0 to below `size`. */
  eventAt(index: number): DemoEvent;
  readonly checks: readonly Check[];
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
