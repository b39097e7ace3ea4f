/** A Kafka record in the JSON that Lambda's event source mapping delivers. */

/** As much of a kafkajs message as is delivered. */
export interface ConsumedMessage {
  readonly offset: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Header | readonly Header[] | undefined>>;
}

type Header = Buffer | string;

const DECIMALS = Array.from({ length: 256 }, (_, byte) => String(byte));

/**
 * One element of the event's `records`: key and value in base64, header bytes as numbers, an absent key or value
 * missing. Built as text, since the object and its JSON.stringify would cost more than all else in the event source.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */
export function kafkaRecordJson(topic: string, partition: number, message: ConsumedMessage): string {
  const key = message.key === null ? '' : `"key":"${message.key.toString('base64')}",`;
  const value = message.value === null ? '' : `"value":"${message.value.toString('base64')}",`;
  return (
    `{"topic":"${topic}","partition":${partition},"offset":${message.offset},"timestamp":${message.timestamp},` +
    `"timestampType":"CREATE_TIME",${key}${value}"headers":[${headersJson(message.headers)}]}`
  );
}

function headersJson(headers: ConsumedMessage['headers']): string {
  let json = '';
  for (const name in headers) {
    const values = headers[name];
    // kafkajs gathers headers of the same name into a list.
    for (const value of Array.isArray(values) ? (values as readonly Header[]) : [values as Header]) {
      json += `${json === '' ? '' : ','}{${JSON.stringify(name)}:[${bytesJson(Buffer.from(value))}]}`;
    }
  }
  return json;
}

function bytesJson(bytes: Buffer): string {
  let json = '';
  for (let at = 0; at < bytes.length; at++) {
    json += (at === 0 ? '' : ',') + DECIMALS[bytes[at] ?? 0];
  }
  return json;
}
