/** The load queue in SQS, as the `LoadQueue` port. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LoadQueue } from '../ports.ts';

/** The message attribute that counts postponements. */
export const POSTPONED = 'postponed';

export function sqsLoadQueue(queueUrl: string, client: SQSClient = new SQSClient({})): LoadQueue {
  return {
    async postpone({ body, postponed }, delaySeconds) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          DelaySeconds: delaySeconds,
          MessageAttributes: { [POSTPONED]: { DataType: 'Number', StringValue: String(postponed + 1) } },
        }),
      );
    },
  };
}
