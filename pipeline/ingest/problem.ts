/** Refusals as problem details (RFC 9457): what a client reads when a request or a record is not accepted. */

export type ProblemCode =
  | 'malformed-body'
  | 'unsupported-media-type'
  | 'unsupported-content-encoding'
  | 'body-too-large'
  | 'too-many-records'
  | 'too-many-events'
  | 'empty-batch'
  | 'invalid-event'
  | 'unknown-event'
  | 'invalid-payload'
  | 'record-too-large'
  | 'catalog-unavailable'
  | 'kafka-unavailable'
  | 'queue-unavailable';

/** One thing wrong inside a record. `path` is as in `data.items[1].quantity`. */
export interface ProblemError {
  readonly code: string;
  readonly path: string;
  readonly detail: string;
}

export interface Problem {
  readonly type: `urn:headrace:problem:${ProblemCode}`;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly ProblemError[];
}

const PROBLEMS: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  'malformed-body': { status: 400, title: 'The body cannot be read' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'unsupported-content-encoding': { status: 415, title: 'The content encoding is not supported' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'too-many-records': { status: 413, title: 'The batch has too many records' },
  'too-many-events': { status: 413, title: 'The batch names too many events' },
  'empty-batch': { status: 422, title: 'The batch has no records' },
  'invalid-event': { status: 422, title: 'Not a CloudEvent' },
  'unknown-event': { status: 404, title: 'No such event' },
  'invalid-payload': { status: 422, title: 'The payload does not fit the schema' },
  'record-too-large': { status: 413, title: 'The record is too large' },
  'catalog-unavailable': { status: 503, title: 'The event cannot be looked up' },
  'kafka-unavailable': { status: 503, title: 'The record could not be stored' },
  'queue-unavailable': { status: 503, title: 'The record could not be queued' },
};

export function problem(code: ProblemCode, detail: string, errors?: readonly ProblemError[]): Problem {
  return { type: `urn:headrace:problem:${code}`, ...PROBLEMS[code], detail, ...(errors ? { errors } : {}) };
}
