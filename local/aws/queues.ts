/** SQS queues, in process: what templates declare and event source mappings poll. */
import { type SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { DEFAULT_QUEUE_ATTRIBUTES } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { ACCOUNT_ID, localArn } from './account.ts';
import { MessageFaults } from './message-faults.ts';

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** A message as a poller gets it; times and counts are decimal text, as in SQS's own answers. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    readonly SentTimestamp: string;
    readonly SenderId: string;
    readonly ApproximateFirstReceiveTimestamp: string;
  };
  readonly messageAttributes: Readonly<Record<string, MessageAttribute>>;
  readonly md5OfMessageAttributes?: string;
}

interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** What one ReceiveMessage call returns at most. */
export const RECEIVE_MAX = 10;

/**
 * `fauxqs`'s queues by ARN. Delays, visibility timeouts and redrive to a dead-letter queue are its own; message
 * retention is not enforced: on a laptop no message expires.
 */
export class Queues {
  readonly #store: SqsStore;
  readonly #faults: MessageFaults;

  constructor(store: SqsStore, faults: MessageFaults = new MessageFaults()) {
    this.#store = store;
    this.#faults = faults;
  }

  /**
   * Makes the queue exist with exactly these attributes. Messages of an earlier run stay. Its URL names the endpoint of
   * this run, whose port may differ from the last one's.
   */
  ensure(name: string, origin: string, attributes: Readonly<Record<string, string>>): Queue {
    const arn = localArn('sqs', name);
    const url = `${origin}/${ACCOUNT_ID}/${name}`;
    const queue = this.#store.getQueueByArn(arn) ?? this.#store.createQueue(name, url, arn);
    Reflect.set(queue, 'url', url);
    queue.setAttributes({ ...DEFAULT_QUEUE_ATTRIBUTES, RedrivePolicy: '', ...attributes });
    return { url, arn };
  }

  has(arn: string): boolean {
    return this.#store.getQueueByArn(arn) !== undefined;
  }

  send(arn: string, body: string): void {
    const fault = this.#faults.on(arn, ['lose', 'delay', 'duplicate']);
    const enqueue = (delaySeconds: number) => this.#queue(arn).enqueue(SqsStore.createMessage(body, {}, delaySeconds));
    if (fault?.kind !== 'lose') enqueue(fault?.kind === 'delay' ? fault.seconds : 0);
    if (fault?.kind === 'duplicate') enqueue(fault.seconds);
  }

  /** Up to RECEIVE_MAX messages, waiting up to `waitSeconds` for the first; they stay invisible for the queue's timeout. */
  async receive(arn: string, waitSeconds: number, messagesMax: number = RECEIVE_MAX): Promise<ReceivedMessage[]> {
    const queue = this.#queue(arn);
    const take = (): ReceivedMessage[] =>
      queue
        .dequeue(Math.min(messagesMax, RECEIVE_MAX), undefined, (deadLetters) => this.#store.getQueueByArn(deadLetters))
        .map((message) => {
          const fault = this.#faults.on(arn, ['reappear']);
          const received = receivedMessage(queue, message.ReceiptHandle);
          if (fault !== undefined) reappear(queue, message.ReceiptHandle, fault.seconds);
          return received;
        });
    const messages = take();
    if (messages.length > 0 || waitSeconds === 0) return messages;
    await queue.waitForMessages(waitSeconds);
    return take();
  }

  delete(arn: string, receiptHandle: string): void {
    const queue = this.#queue(arn);
    const fault = this.#faults.on(arn, ['redeliver']);
    if (fault === undefined) queue.deleteMessage(receiptHandle);
    else reappear(queue, receiptHandle, fault.seconds);
  }

  /** Ends waiting receives, which then return no message. */
  cancelWaits(): void {
    this.#store.shutdown();
  }

  #queue(arn: string): SqsQueue {
    const queue = this.#store.getQueueByArn(arn);
    if (queue === undefined) throw new Error(`Cannot use the queue "${arn}": it was never created`);
    return queue;
  }
}

/** At 0 fauxqs would take the receipt away, and its holder could no longer delete the message. */
function reappear(queue: SqsQueue, receiptHandle: string, seconds: number): void {
  queue.changeVisibility(receiptHandle, Math.max(seconds, Number.MIN_VALUE));
}

function receivedMessage(queue: SqsQueue, receiptHandle: string): ReceivedMessage {
  const message = queue.inflightMessages.get(receiptHandle)?.message;
  if (message === undefined) throw new Error(`Cannot receive "${receiptHandle}": fauxqs does not know its own receipt`);
  return {
    messageId: message.messageId,
    receiptHandle,
    body: message.body,
    md5OfBody: message.md5OfBody,
    attributes: {
      ApproximateReceiveCount: String(message.approximateReceiveCount),
      SentTimestamp: String(message.sentTimestamp),
      SenderId: ACCOUNT_ID,
      ApproximateFirstReceiveTimestamp: String(message.approximateFirstReceiveTimestamp ?? message.sentTimestamp),
    },
    messageAttributes: message.messageAttributes,
    ...(message.md5OfMessageAttributes && { md5OfMessageAttributes: message.md5OfMessageAttributes }),
  };
}
