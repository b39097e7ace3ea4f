/** A Lambda event source mapping on an SQS queue. */

import { REGION } from '../aws/account.ts';
import type { Queues, ReceivedMessage } from '../aws/queues.ts';
import { RECEIVE_MAX } from '../aws/queues.ts';
import type { LambdaFunction } from '../lambda/lambda-function.ts';

export interface SqsEventSourceOptions {
  readonly queues: Queues;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowMs: number;
  /** ReportBatchItemFailures: the function names the messages that failed. */
  readonly reportsFailures: boolean;
  readonly function: LambdaFunction;
}

/** SQS's longest long poll. */
const POLL_SECONDS = 20;

/**
 * Polls the queue and invokes the function with one batch at a time: Lambda would scale to several pollers, a laptop has
 * no cores for them. Messages that succeed are deleted; others return after the queue's visibility timeout, and its
 * redrive policy moves them in the end.
 */
export class SqsEventSource {
  readonly #options: SqsEventSourceOptions;
  #stopped = false;
  #polling: Promise<void> = Promise.resolve();

  constructor(options: SqsEventSourceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#polling = this.#poll();
  }

  /** Returns when the invocation that runs has ended; its function must be stopped before or it is waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.queues.cancelWaits();
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const { queues, queueArn, reportsFailures } = this.#options;
    while (!this.#stopped) {
      const batch = await this.#receiveBatch();
      if (batch.length === 0 || this.#stopped) continue;
      const result = await this.#options.function.invoke(sqsEvent(queueArn, batch));
      if (!result.ok) continue;
      const failed = reportsFailures ? failedMessages(result.payload, batch) : new Set<string>();
      for (const { messageId, receiptHandle } of batch) {
        if (!failed.has(messageId)) queues.delete(queueArn, receiptHandle);
      }
    }
  }

  /** Up to `batchSize` messages; after the first, up to the window for more. */
  async #receiveBatch(): Promise<ReceivedMessage[]> {
    const { queues, queueArn, batchSize, windowMs } = this.#options;
    const batch = await queues.receive(queueArn, POLL_SECONDS, batchSize);
    const until = Date.now() + windowMs;
    while (batch.length > 0 && batch.length < batchSize && Date.now() < until && !this.#stopped) {
      const waitSeconds = (until - Date.now()) / 1000;
      batch.push(...(await queues.receive(queueArn, waitSeconds, Math.min(batchSize - batch.length, RECEIVE_MAX))));
    }
    return batch;
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function sqsEvent(queueArn: string, batch: readonly ReceivedMessage[]): Buffer {
  const Records = batch.map(({ messageAttributes, ...message }) => ({
    ...message,
    messageAttributes: Object.fromEntries(
      Object.entries(messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          stringValue: StringValue,
          binaryValue: BinaryValue,
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  }));
  return Buffer.from(JSON.stringify({ Records }));
}

/**
 * Message ids that the function reports as failed. An answer that is no report, or names an unknown message, fails all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
function failedMessages(payload: Buffer, batch: readonly ReceivedMessage[]): ReadonlySet<string> {
  const all = new Set(batch.map(({ messageId }) => messageId));
  const answer = JSON.parse(payload.toString('utf8')) as { batchItemFailures?: unknown } | null;
  const failures = answer?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure: { itemIdentifier?: unknown } | null) => String(failure?.itemIdentifier));
  return ids.every((id) => all.has(id)) ? new Set(ids) : all;
}
