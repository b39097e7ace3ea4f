/** What a standard queue and its sender may do to messages, on demand. */
import { type FaultLimits, FaultRules } from '../fault-rules.ts';

/** Times in seconds. */
export type MessageEffect =
  /** The message never comes: S3 announces nearly every object. */
  | { readonly kind: 'lose' }
  /** The message comes later, and so after others. */
  | { readonly kind: 'delay'; readonly seconds: number }
  /** The message comes twice, the second time so much later. */
  | { readonly kind: 'duplicate'; readonly seconds: number }
  /** The message comes again so much later although it was deleted: a standard queue delivers at least once. */
  | { readonly kind: 'redeliver'; readonly seconds: number }
  /** A received message is visible again so soon, whatever the queue's visibility timeout. */
  | { readonly kind: 'reappear'; readonly seconds: number };

/** A rule for messages of one moment: lose, delay and duplicate when sent, reappear when received, redeliver when deleted. */
export interface MessageFault extends FaultLimits {
  /** Only of queues with such a name. @default all */
  readonly queue?: RegExp;
  readonly effect: MessageEffect;
}

type Effect<Kind extends MessageEffect['kind']> = Extract<MessageEffect, { readonly kind: Kind }>;

/** The faults of messages that the host itself sends (S3's notifications) and delivers (event source mappings). */
export class MessageFaults extends FaultRules<MessageFault> {
  /** The effect on a message of the queue, if a fault of these kinds meets it. */
  on<Kind extends MessageEffect['kind']>(queueArn: string, kinds: readonly Kind[]): Effect<Kind> | undefined {
    const name = queueArn.split(':').at(-1) ?? '';
    const rule = this.take(({ queue, effect }) => kinds.includes(effect.kind as Kind) && (queue?.test(name) ?? true));
    return rule?.effect as Effect<Kind> | undefined;
  }
}
