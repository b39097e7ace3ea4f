/** CloudEvents 1.0 over HTTP: the binary, structured and batched content modes of the HTTP protocol binding. */
import { type ExactJson, exactJson, isJsonObject } from '../json/exact-json.ts';
import { type JsonPath, repeatedField } from '../json/repeated-names.ts';
import { parseJsonText } from '../json-text.ts';
import { parseTimestamp } from '../protobuf/encode-timestamp.ts';
import { ISSUES_MAX } from '../protobuf/encoding.ts';
import { RECORDS_MAX } from './limits.ts';
import { type Problem, type ProblemError, problem } from './problem.ts';

/** A CloudEvent whose attributes are checked and whose data is not yet. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339; absent when the producer sent none. */
  readonly time?: string;
  /** Free data that no schema describes, as JSON text. */
  readonly customAttributes?: string;
  /** Attributes that Kafka carries on and no column has: `subject`, `traceparent` and the like. */
  readonly carried: Readonly<Record<string, string>>;
  /** In which numbers that a double may not hold are a `LongNumber`. */
  readonly data: unknown;
  /** The field of `data` in which a name comes twice, so that a value of it is lost. */
  readonly repeatedField?: string;
}

export type EventResult = { readonly event: CloudEvent } | { readonly problem: Problem };

export interface EventRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decompressed. */
  readonly body: Uint8Array;
}

/** The events of a request, each read or refused on its own; or why the request as a whole cannot be read. */
export type EventsResult =
  | { readonly batch: boolean; readonly events: readonly EventResult[] }
  | { readonly problem: Problem };

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const JSON_TYPE = 'application/json';
const HEADER_PREFIX = 'ce-';
const REQUIRED = ['id', 'source', 'type'] as const;
const CARRIED = ['subject', 'dataschema', 'traceparent', 'tracestate'] as const;
const UNKNOWN_REASON = 'is not an attribute that is kept; free data goes into customattributes';
/** Of attributes that CloudEvents has and this API does not take. */
const UNKNOWN_REASONS: ReadonlyMap<string, string> = new Map([
  ['data_base64', 'is not taken; send the payload as JSON in data'],
]);
const KNOWN: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'datacontenttype',
  ...CARRIED,
  'customattributes',
  'data',
]);
/** Attributes become Kafka headers, which Lambda delivers at several times their size. */
const ATTRIBUTE_BYTES_MAX = 1024;
/** What the type String of CloudEvents 1.0 leaves out: control characters and halves of surrogate pairs. */
const NOT_IN_STRING = /[\p{Cc}\p{Cs}]/u;
/** Of a name in an answer, in characters. */
const NAME_LENGTH_MAX = 64;
const CUSTOM_ATTRIBUTES_BYTES_MAX = 16 * 1024;

export function readEvents({ headers, body }: EventRequest): EventsResult {
  const mediaType = withoutParameters(headers['content-type'] ?? defaultType(headers));
  if (mediaType !== STRUCTURED && mediaType !== BATCH && mediaType !== JSON_TYPE) {
    const detail = `Content-Type must be ${STRUCTURED}, ${BATCH}, or ${JSON_TYPE} with the attributes in ce- headers.`;
    return { problem: problem('unsupported-media-type', detail) };
  }
  const parsed = parseJson(body);
  if ('problem' in parsed) {
    return parsed;
  }
  const { value, repeated } = parsed;
  switch (mediaType) {
    case STRUCTURED:
      return { batch: false, events: [readStructured(value, repeated[0])] };
    case JSON_TYPE:
      return { batch: false, events: [readBinary(headers, value, repeated[0])] };
    default:
      return readBatch(value, repeated);
  }
}

/** In binary mode an event without `datacontenttype` has no content type; JSON is what a payload can be. */
const defaultType = (headers: EventRequest['headers']): string =>
  headers[`${HEADER_PREFIX}specversion`] === undefined ? '' : JSON_TYPE;

const withoutParameters = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

function parseJson(body: Uint8Array): ExactJson | { readonly problem: Problem } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return exactJson(body, text, JSON.parse(text));
  } catch (error) {
    // V8's message may quote the body around the mistake, and a payload belongs in no answer.
    const position =
      error instanceof SyntaxError
        ? / at position \d+( \(line \d+ column \d+\))?$/.exec(error.message)?.[0]
        : undefined;
    const wrong = error instanceof RangeError ? 'nested too deep' : 'not UTF-8';
    const reason = error instanceof SyntaxError ? `not JSON${position ? `,${position}` : ''}` : wrong;
    return { problem: problem('malformed-body', `The body is ${reason}.`) };
  }
}

function readBatch(value: unknown, repeated: readonly JsonPath[]): EventsResult {
  if (!Array.isArray(value)) {
    return { problem: problem('malformed-body', `A body of type ${BATCH} must be a JSON array of events.`) };
  }
  if (value.length === 0) {
    return { problem: problem('empty-batch', 'The batch must have at least one event.') };
  }
  if (value.length > RECORDS_MAX) {
    const detail = `The batch has ${value.length} records, at most ${RECORDS_MAX} are allowed.`;
    return { problem: problem('too-many-records', detail) };
  }
  const repeatedByEvent = new Map(repeated.map(([index, ...path]) => [index, path]));
  return { batch: true, events: value.map((event, index) => readStructured(event, repeatedByEvent.get(index))) };
}

function readBinary(headers: EventRequest['headers'], data: unknown, repeated: JsonPath | undefined): EventResult {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(HEADER_PREFIX) && value !== undefined
      ? [[name.slice(HEADER_PREFIX.length), decodeHeader(value)] as const]
      : [],
  );
  return readStructured(Object.fromEntries([...attributes, ['data', data]]), repeated && ['data', ...repeated]);
}

/** A value may be a quoted string, and characters outside of printable ASCII are percent-encoded (section 3.1.3.2). */
function decodeHeader(value: string): string {
  const text = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param repeated where in the event a name comes twice */
function readStructured(value: unknown, repeated: JsonPath | undefined): EventResult {
  if (!isJsonObject(value)) {
    return { problem: problem('invalid-event', 'An event must be a JSON object.') };
  }
  // "Unset attributes MAY be encoded to the JSON value of null" (JSON event format, section 2.2).
  const attributes = Object.fromEntries(Object.entries(value).filter(([, attribute]) => attribute !== null));
  const [repeatedAttribute, ...repeatedPath] = repeated ?? [];
  const isDataRepeated = repeatedAttribute === 'data' && repeatedPath.length > 0;
  const errors = attributeErrors(attributes, isDataRepeated ? undefined : repeated);
  if (errors.length > 0) {
    const [first] = errors;
    return { problem: problem('invalid-event', `${first?.path}: ${first?.detail}.`, errors) };
  }
  const { id, source, type, time, customattributes: custom, data } = attributes;
  return {
    event: {
      ...({ id, source, type, data } as Pick<CloudEvent, 'id' | 'source' | 'type' | 'data'>),
      ...(time === undefined ? {} : { time: time as string }),
      ...(custom === undefined ? {} : { customAttributes: customText(custom) }),
      ...(isDataRepeated ? { repeatedField: repeatedField(repeatedPath) } : {}),
      carried: carriedAttributes(attributes),
    },
  };
}

function carriedAttributes(attributes: Record<string, unknown>): Record<string, string> {
  const present = CARRIED.filter((name) => attributes[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, String(attributes[name])]));
}

const customText = (custom: unknown): string => (typeof custom === 'string' ? custom : JSON.stringify(custom));

function attributeErrors(attributes: Record<string, unknown>, repeated: JsonPath | undefined): ProblemError[] {
  const errors: ProblemError[] = [];
  // Names come from the request: neither their number nor their length may make the answer larger than it.
  const refuse = (code: string, path: string, detail: string) => {
    if (errors.length < ISSUES_MAX) {
      errors.push({ code, path: path.slice(0, NAME_LENGTH_MAX), detail });
    }
  };
  if (repeated) {
    refuse('DUPLICATE_ATTRIBUTE', repeatedField(repeated), 'must come once, and so must each name in it');
  }
  if (attributes['specversion'] !== '1.0') {
    refuse('INVALID_ATTRIBUTE', 'specversion', 'must be "1.0"');
  }
  for (const name of REQUIRED) {
    if (typeof attributes[name] !== 'string' || attributes[name] === '') {
      refuse('MISSING_ATTRIBUTE', name, 'must be a non-empty string');
    }
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!KNOWN.has(name)) {
      refuse('UNKNOWN_ATTRIBUTE', name, UNKNOWN_REASONS.get(name) ?? UNKNOWN_REASON);
    } else if (name !== 'data' && name !== 'customattributes' && !isText(name, value)) {
      const detail = `must be text of at most ${ATTRIBUTE_BYTES_MAX} bytes, without control characters`;
      refuse('INVALID_ATTRIBUTE', name, detail);
    }
  }
  const { time, datacontenttype, customattributes } = attributes;
  if (time !== undefined && (typeof time !== 'string' || !parseTimestamp(time))) {
    refuse('INVALID_ATTRIBUTE', 'time', 'must be a time with a zone as in RFC 3339');
  }
  if (datacontenttype !== undefined && withoutParameters(String(datacontenttype)) !== JSON_TYPE) {
    refuse('INVALID_ATTRIBUTE', 'datacontenttype', `must be ${JSON_TYPE} or absent`);
  }
  if (customattributes !== undefined && !isCustomAttributes(customattributes)) {
    const detail = `must be a JSON object, or one as text, of at most ${CUSTOM_ATTRIBUTES_BYTES_MAX} bytes`;
    refuse('INVALID_ATTRIBUTE', 'customattributes', detail);
  }
  if (attributes['data'] === undefined) {
    refuse('MISSING_ATTRIBUTE', 'data', 'must be there: it is the payload');
  }
  return errors;
}

/** Attributes that are not carried have checks of their own for what is not text. */
const isText = (name: string, value: unknown): boolean =>
  typeof value === 'string'
    ? Buffer.byteLength(value) <= ATTRIBUTE_BYTES_MAX && !NOT_IN_STRING.test(value)
    : !CARRIED.some((carried) => carried === name);

function isCustomAttributes(value: unknown): boolean {
  try {
    // An object that is nested too deeply makes JSON.stringify throw.
    const text = customText(value);
    if (Buffer.byteLength(text) > CUSTOM_ATTRIBUTES_BYTES_MAX) {
      return false;
    }
    const parsed = parseJsonText(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
