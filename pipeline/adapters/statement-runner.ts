/** Runs statements and waits for their end, for a bounded time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../errors.ts';
import type { ResultRow, StatementService, StatementStatus } from './statement-service.ts';
import type { Step } from './warehouse-dialect.ts';
import { type Sent, withoutValues } from './without-values.ts';

/** How long things may take, in milliseconds. */
export interface Pace {
  /** Until `load` answers `running`. */
  readonly loadWaitMs: number;
  /** Until any other statement is given up. */
  readonly queryWaitMs: number;
  /** @default 100; it grows to a second */
  readonly pollMs?: number;
}

const POLL_MS = 100;
const POLL_MS_MAX = 1_000;
const POLL_GROWTH = 1.5;

type Failed = Extract<StatementStatus, { state: 'failed' }>;

export class StatementRunner {
  readonly #warehouse: string;
  readonly #service: StatementService;
  readonly #pace: Pace;

  constructor(warehouse: string, service: StatementService, pace: Pace) {
    this.#warehouse = warehouse;
    this.#service = service;
    this.#pace = pace;
  }

  /** @throws PipelineError `UNAVAILABLE` when the query takes too long; Error when it fails. */
  async query(sql: string): Promise<readonly ResultRow[]> {
    return this.#service.rows(await this.#finish([sql]));
  }

  /**
   * One step after the other, until one objects.
   * @returns the rows of that objection; none when every step ran.
   * @throws as `query` does.
   */
  async run(steps: readonly Step[]): Promise<readonly ResultRow[]> {
    for (const { statements, objects } of steps) {
      const id = await this.#finish(statements);
      const rows = objects ? await this.#service.rows(id) : [];
      if (rows.length > 0) {
        return rows;
      }
    }
    return [];
  }

  /** The status once it is another than `running`, or `running` when the deadline has come. */
  async settle(id: string, deadline: number): Promise<StatementStatus> {
    for (let pause = this.#pace.pollMs ?? POLL_MS; ; pause = Math.min(pause * POLL_GROWTH, POLL_MS_MAX)) {
      const status = await this.#service.status(id);
      if (status.state !== 'running' || Date.now() + pause > deadline) {
        return status;
      }
      await sleep(pause);
    }
  }

  /** @param sent by the execution, as far as it is known. */
  failure(what: string, sent: Sent & { readonly id: string }, { reason, cause }: Failed): Error {
    const said = withoutValues(reason, sent);
    const message = `Cannot ${what}: ${this.#warehouse} says: ${said} (statement "${sent.id}")`;
    return cause === 'statements' ? new Error(message) : new PipelineError('UNAVAILABLE', message, { retryable: true });
  }

  async #finish(statements: readonly string[]): Promise<string> {
    // A new token each time: a query that is asked again wants the present state, not the former answer.
    const id = await this.#service.submit({ statements, token: randomUUID(), name: 'headrace' });
    const status = await this.settle(id, Date.now() + this.#pace.queryWaitMs);
    if (status.state === 'failed') {
      throw this.failure(
        `run "${statements[0]?.slice(0, 60).replaceAll('\n', ' ')}"`,
        { id, statements, files: [] },
        status,
      );
    }
    if (status.state === 'running') {
      const message = `Cannot wait for ${this.#warehouse}: statement "${id}" still runs, allowed are ${this.#pace.queryWaitMs} ms; try again later`;
      throw new PipelineError('UNAVAILABLE', message, { retryable: true });
    }
    return id;
  }
}
