/** Following one event by its trace: https://www.w3.org/TR/trace-context/, header `traceparent`. */
import type { KafkaRecord } from './ports.ts';

/** How many records a commit, or a request's log, names: enough to find the way of a batch. */
export const TRACED_MAX = 20;

/** The Kafka header of CloudEvents' distributed tracing extension. */
const HEADER = 'ce_traceparent';

/** Version, trace id, parent id, flags. All zeros are no id, version ff is none; later versions may append fields. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const FLAGS_AT = 53;
const SAMPLED = 1;

export const isTraceparent = (text: unknown): text is string => typeof text === 'string' && TRACEPARENT.test(text);

/**
 * A request's trace, if its caller records it. A caller's library sends the header with every request, and it would
 * travel with each record of it: as JSON numbers in Lambda's event that is some 300 bytes a record. So what nobody
 * records is left behind, and so is what cannot be read (section 2.2: ignored).
 */
export function sampledTraceparent(text: string | undefined): string | undefined {
  const isSampled = isTraceparent(text) && (Number.parseInt(text.slice(FLAGS_AT, FLAGS_AT + 2), 16) & SAMPLED) !== 0;
  return isSampled ? text : undefined;
}

/** A record that has a trace, as `<offset> <traceparent>`; undefined for any other. */
export function tracedOffset({ offset, headers }: KafkaRecord): string | undefined {
  const header = headers.find(([name]) => name === HEADER);
  const text = header && Buffer.from(header[1]).toString('latin1');
  return isTraceparent(text) ? `${offset} ${text}` : undefined;
}
