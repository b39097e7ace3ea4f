/** The relay's queue in SQS, as the `RecordQueue` port. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { QueueResult, RecordQueue } from '../ports.ts';
import { packRecords, type RelayMessage } from '../relay/relay-message.ts';

/** A message that is not sent does not touch the others: its records are errors, theirs are queued. */
export function sqsRecordQueue(queueUrl: string, client: SQSClient = new SQSClient({})): RecordQueue {
  const send = async ({ body }: RelayMessage): Promise<QueueResult> => {
    try {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
      return { queued: true };
    } catch (error) {
      return { error: error as Error };
    }
  };
  return {
    async put(records) {
      const results: QueueResult[] = [];
      const sent = packRecords(records).map(async (message) => {
        const result = await send(message);
        for (const index of message.indexes) {
          results[index] = result;
        }
      });
      await Promise.all(sent);
      return results;
    },
  };
}
