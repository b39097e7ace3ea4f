/** A warehouse's API for SQL that takes statements now and tells later how they ended. */

/** Statements that run in order, all or none of them. */
export interface Submission {
  readonly statements: readonly string[];
  /** The same token gives the same execution, not a second one, for as long as the service remembers it. */
  readonly token: string;
  /** By which the execution is found again; at most 500 characters. */
  readonly name: string;
}

export type StatementStatus =
  | { readonly state: 'running' }
  | { readonly state: 'finished' }
  | {
      readonly state: 'failed';
      /** The service's own words. */
      readonly reason: string;
      /** `conflict`: another transaction was first. `busy`: the service's own trouble. Else the statements' fault. */
      readonly cause: 'conflict' | 'busy' | 'statements';
    };

/** Values as text, in the order of the columns. */
export type ResultRow = ReadonlyArray<string | null>;

export interface StatementService {
  /**
   * @returns the execution's id.
   * @throws PipelineError `UNAVAILABLE` when the service cannot be reached or has too much to do.
   */
  submit(submission: Submission): Promise<string>;
  /** @throws PipelineError `UNAVAILABLE` as above. */
  status(id: string): Promise<StatementStatus>;
  /** All rows of the execution's last query, however many pages they come in. */
  rows(id: string): Promise<readonly ResultRow[]>;
  /** Executions that have not ended and whose names start so; none where the service cannot tell. */
  unfinished(namePrefix: string): Promise<ReadonlyArray<{ readonly id: string; readonly name: string }>>;
  close(): void;
}
