/** A schedule of EventBridge Scheduler that invokes a function. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import type { ScheduleTiming } from './schedule-expression.ts';

export interface ScheduleOptions {
  readonly timing: ScheduleTiming;
  /** The event: the template's Input. */
  readonly input: string;
  readonly function: LambdaFunction;
}

/** A rate begins when it is created; on a laptop the other parts of the host come first. */
const FIRST_RUN_MS = 1000;
/** A timer of Node takes no more than 24 days. */
const TIMER_MS_MAX = 24 * 60 * 60 * 1000;

/**
 * Invokes the function with the same event each time: a rate first shortly after the start and then from start to start,
 * a cron at its times. Runs of one schedule never overlap here: one that takes longer than its rate is followed at once
 * by the next. On AWS they may overlap, since Scheduler does not wait for the function. A run that fails is not
 * repeated before the next is due, where Lambda would try twice more.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #abort = new AbortController();
  #timing: Promise<void> = Promise.resolve();
  #lastRun: Promise<void> = Promise.resolve();

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timing = this.#runOnTime();
  }

  /** Runs once now, or after the run that is going on. Resolves when it has ended, also when it has failed. */
  run(): Promise<void> {
    this.#lastRun = this.#lastRun.then(() => this.#invoke());
    return this.#lastRun;
  }

  /** Returns when the run that is going on has ended; its function must be stopped before or it is waited for. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#timing;
    await this.#lastRun;
  }

  async #runOnTime(): Promise<void> {
    const { timing } = this.#options;
    let due = timing.startsAtOnce ? Date.now() + FIRST_RUN_MS : timing.next(Date.now());
    while (due !== undefined) {
      await this.#waitUntil(due);
      if (this.#abort.signal.aborted) return;
      const startedAt = Date.now();
      await this.run();
      due = timing.next(startedAt);
    }
  }

  async #waitUntil(due: number): Promise<void> {
    for (let left = due - Date.now(); left > 0 && !this.#abort.signal.aborted; left = due - Date.now()) {
      await sleep(Math.min(left, TIMER_MS_MAX), undefined, { signal: this.#abort.signal }).catch(() => {});
    }
  }

  async #invoke(): Promise<void> {
    if (!this.#abort.signal.aborted) await this.#options.function.invoke(Buffer.from(this.#options.input));
  }
}
