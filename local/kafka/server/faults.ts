/** Failures on demand, for tests of what a client does about them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorName, errorCode } from '../../../pipeline/kafka/error-code.ts';
import { metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { type FaultLimits, FaultRules } from '../../fault-rules.ts';
import { CloseConnection } from './close-connection.ts';
import { errorAnswer } from './error-answer.ts';
import type { Request } from './request-router.ts';
import { joinAnswers, splitByTopic, type TopicRef } from './request-topics.ts';

/** What happens to a request. With `when: 'after'` the broker has done what was asked, only the answer is lost. */
export type FaultEffect =
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly error: ErrorName; readonly when?: 'before' | 'after' }
  | { readonly kind: 'drop'; readonly when?: 'before' | 'after' }
  /** Answered as if the broker did not know the API. */
  | { readonly kind: 'refuse' };

/** A rule for the requests of one API. */
export interface Fault extends FaultLimits {
  /** Kafka's name of the API: Produce, Fetch, Metadata, JoinGroup … */
  readonly api: string;
  /** Only requests that name this topic; `fail` spares the other topics of the request. @default all */
  readonly topic?: string;
  readonly effect: FaultEffect;
}

type Body = Readonly<Record<string, unknown>>;

/** The faults of one broker. */
export class Faults extends FaultRules<Fault> {
  readonly #topics: () => Iterable<Required<TopicRef>>;

  /** `topics` tells the existing ones: newer requests name them by id, and Metadata may ask for all. */
  constructor(topics: () => Iterable<Required<TopicRef>>, now?: () => number, random?: () => number) {
    super(now, random);
    this.#topics = topics;
  }

  /**
   * Handles `request` under the fault that it meets, if any.
   * @throws CloseConnection when the fault drops the connection, or fails a request that has no answer.
   */
  async around(request: Request, handle: (body: unknown) => Promise<unknown>): Promise<unknown> {
    const { name } = request.api;
    const fault = this.take((rule) => rule.api === name && this.#split(rule, request).met !== undefined);
    if (fault === undefined) return handle(request.body);
    const { effect } = fault;
    if (effect.kind === 'delay') {
      await sleep(effect.delayMs, undefined, { ref: false });
      return handle(request.body);
    }
    if (effect.kind === 'refuse') return errorAnswer(request.body, errorCode.unsupportedVersion, 'refused by a fault');
    if (effect.kind === 'fail') return this.#fail(fault, effect, request, handle);
    if (effect.when === 'after') await handle(request.body);
    throw new CloseConnection('A fault drops this connection');
  }

  async #fail(
    fault: Fault,
    { error, when }: FaultEffect & { kind: 'fail' },
    request: Request,
    handle: (body: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const { met, spared } = this.#split(fault, request);
    if (when === 'after') await handle(met);
    if ((request.body as { readonly acks?: number }).acks === 0) {
      if (spared !== undefined) await handle(spared);
      throw new CloseConnection('A request without an answer can only fail so');
    }
    const failed = errorAnswer(met, errorCode[error], 'failed by a fault');
    return spared === undefined ? failed : joinAnswers((await handle(spared)) as Body, failed);
  }

  /** The parts of the request that the fault meets and spares. */
  #split({ topic }: Fault, request: Request): ReturnType<typeof splitByTopic> {
    const body = request.body as Body;
    if (topic === undefined) return { met: body, spared: undefined };
    const known = [...this.#topics()];
    const id = known.find((each) => each.topic === topic)?.topicId;
    const asksForAll = request.api === metadata && body['topics'] === null;
    return splitByTopic(
      asksForAll ? { ...body, topics: known } : body,
      (each) => each.topic === topic || (id !== undefined && each.topicId === id),
    );
  }
}
