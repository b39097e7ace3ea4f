/** Failures on demand, for tests of what a client does about them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorName, errorCode } from '../../../pipeline/kafka/error-code.ts';
import { type FaultLimits, FaultRules } from '../../fault-rules.ts';
import { CloseConnection } from './close-connection.ts';
import { errorAnswer } from './error-answer.ts';
import type { Request } from './request-router.ts';

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
type TopicItem = { readonly topic?: string; readonly topicId?: string };

/** The faults of one broker. */
export class Faults extends FaultRules<Fault> {
  readonly #topicId: (topic: string) => string | undefined;

  /** `topicId` tells an existing topic's id: newer requests name topics so. */
  constructor(topicId: (topic: string) => string | undefined, now?: () => number, random?: () => number) {
    super(now, random);
    this.#topicId = topicId;
  }

  /**
   * Handles `request` under the fault that it meets, if any.
   * @throws CloseConnection when the fault drops the connection.
   */
  async around(request: Request, handle: (body: unknown) => Promise<unknown>): Promise<unknown> {
    const { name } = request.api;
    const fault = this.take((rule) => rule.api === name && this.#split(rule, request.body as Body).meets);
    if (fault === undefined) return handle(request.body);
    const { effect } = fault;
    if (effect.kind === 'delay') {
      await sleep(effect.delayMs, undefined, { ref: false });
      return handle(request.body);
    }
    if (effect.kind === 'refuse') return errorAnswer(request.body, errorCode.unsupportedVersion, 'refused by a fault');
    if (effect.kind === 'fail') return this.#fail(fault, effect, request.body as Body, handle);
    if (effect.when === 'after') await handle(request.body);
    throw new CloseConnection('A fault drops this connection');
  }

  async #fail(
    fault: Fault,
    { error, when }: FaultEffect & { kind: 'fail' },
    body: Body,
    handle: (body: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const { met, spared } = this.#split(fault, body);
    const failed = errorAnswer(met, errorCode[error], 'failed by a fault');
    if (when === 'after') await handle(met);
    if (spared === undefined) return failed;
    const answer = (await handle(spared)) as Body;
    return { ...answer, topics: [...topicsOf(answer), ...topicsOf(failed)] };
  }

  /** The parts of the request that the fault meets and spares. */
  #split({ topic }: Fault, body: Body): { readonly meets: boolean; readonly met: Body; readonly spared?: Body } {
    if (topic === undefined) return { meets: true, met: body };
    const id = this.#topicId(topic);
    const isMet = (item: TopicItem) => item.topic === topic || (id !== undefined && item.topicId === id);
    const topics = topicsOf(body);
    const others = topics.filter((item) => !isMet(item));
    return {
      meets: others.length < topics.length,
      met: { ...body, topics: topics.filter(isMet) },
      ...(others.length === 0 ? {} : { spared: { ...body, topics: others } }),
    };
  }
}

function topicsOf(body: Body): readonly TopicItem[] {
  const { topics } = body as { readonly topics?: readonly TopicItem[] | null };
  return topics ?? [];
}
