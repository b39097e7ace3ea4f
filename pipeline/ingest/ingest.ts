/** The ingest API: events in by HTTP, records in Kafka, an answer for each record. */
import { UNKNOWN_EVENT } from '../metrics.ts';
import type { Catalog, EventProducer, OutgoingRecord, ProduceResult, QueueResult, RecordQueue } from '../ports.ts';
import { isTraceparent, sampledTraceparent } from '../trace.ts';
import { type EventResult, readEvents } from './cloud-events.ts';
import { type EncodedRecord, encodeRecord, type RecordEncoder, recordEncoder } from './encode-record.ts';
import { EVENT_TYPES_MAX, LISTED_ERRORS_MAX, QUEUED_RECORD_BYTES_MAX } from './limits.ts';
import { partitionForKey } from './partitioner.ts';
import { type Problem, problem } from './problem.ts';
import { readBody } from './read-body.ts';

export interface IngestRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface IngestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For metrics. */
  readonly counts: IngestCounts;
  /** For the log: the stored records whose trace is known, with their place in Kafka. */
  readonly traced: readonly TracedRecord[];
  /** What failed on our side, each reason once: for the log, it is no part of the answer. */
  readonly faults: readonly string[];
}

export interface IngestCounts {
  /** Records by event. */
  readonly accepted: Readonly<Record<string, number>>;
  /** Records by event, or by `UNKNOWN_EVENT`, and by the problem's name. */
  readonly rejected: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface TracedRecord {
  readonly event: string;
  readonly partition: number;
  readonly offset: number;
  readonly traceparent: string;
}

export interface IngestPorts {
  readonly catalog: Catalog;
  readonly producer: EventProducer;
  /** For `Prefer: respond-async`. @default none: the preference is ignored */
  readonly queue?: RecordQueue;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1; chooses the partition of records without a key. */
  readonly random: () => number;
}

/** Why there is no record, or none that is stored; `fault` says what failed on our side. */
interface Refusal {
  readonly problem: Problem;
  readonly fault?: string;
  /** Only of an event that is deployed: other names are the caller's. */
  readonly event?: string;
}

interface StoredRecord {
  readonly event: string;
  readonly partition: number;
  readonly offset: number;
  readonly traceparent?: string;
}

interface QueuedRecord {
  readonly event: string;
  readonly queued: true;
}

type RecordAnswer = StoredRecord | QueuedRecord | Refusal;

/**
 * Validates, encodes and stores the events of one request.
 *
 * Delivery: a record that is answered with a partition and an offset is stored on all in-sync replicas, once; one that
 * is answered as queued (`Prefer: respond-async`) is durable and will be stored at least once. A record answered with
 * an error is not stored, except `kafka-unavailable` and `queue-unavailable`, where that is not known: send it again
 * with the same `id`. One bad record does not touch its neighbours. Never throws, neither for bad input nor in a bad world.
 */
export async function ingest(request: IngestRequest, ports: IngestPorts): Promise<IngestResponse> {
  const body = readBody(request.body, request.headers['content-encoding']);
  if ('problem' in body) {
    return refuseRequest(body.problem);
  }
  const read = readEvents({ headers: request.headers, body: body.bytes });
  if ('problem' in read) {
    return refuseRequest(read.problem);
  }
  const types = new Set(read.events.flatMap((result) => ('event' in result ? [result.event.type] : [])));
  if (types.size > EVENT_TYPES_MAX) {
    const detail = `The batch names ${types.size} events, at most ${EVENT_TYPES_MAX} are allowed.`;
    return refuseRequest(problem('too-many-events', detail));
  }
  const encoders = await findEncoders(types, ports.catalog);
  const timestamp = ports.now();
  const trace = sampledTraceparent(request.headers['traceparent']);
  const encoded = read.events.map((result) => encodeEvent(withTrace(result, trace), encoders, timestamp));
  const { queue } = ports;
  const answers =
    queue !== undefined && prefersAsync(request.headers['prefer'])
      ? await putAll(encoded, queue, ports)
      : await produceAll(encoded, ports);
  return read.batch ? answerBatch(answers) : answerSingle(answers);
}

type Encoders = ReadonlyMap<string, RecordEncoder | Refusal>;

/** One catalog look-up for each kind of event in the request. */
async function findEncoders(types: ReadonlySet<string>, catalog: Catalog): Promise<Encoders> {
  return new Map(await Promise.all([...types].map(async (type) => [type, await findEncoder(type, catalog)] as const)));
}

async function findEncoder(type: string, catalog: Catalog): Promise<RecordEncoder | Refusal> {
  try {
    const entry = await catalog.find(type);
    return entry
      ? recordEncoder(entry)
      : { problem: problem('unknown-event', 'type names no event that is deployed here.') };
  } catch (error) {
    const detail = 'The contract of the event cannot be read at the moment; send the record again.';
    return { problem: problem('catalog-unavailable', detail), fault: `catalog: ${message(error)}` };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** An event that names no trace of its own is part of the request's. */
function withTrace(result: EventResult, traceparent: string | undefined): EventResult {
  if ('problem' in result || traceparent === undefined || result.event.carried['traceparent'] !== undefined) {
    return result;
  }
  return { event: { ...result.event, carried: { ...result.event.carried, traceparent } } };
}

function encodeEvent(result: EventResult, encoders: Encoders, now: number): EncodedRecord | Refusal {
  if ('problem' in result) {
    return result;
  }
  const { type } = result.event;
  const encoder = encoders.get(type) as RecordEncoder | Refusal;
  if ('problem' in encoder) {
    return encoder;
  }
  const record = encodeRecord(encoder, result.event, now);
  return 'problem' in record ? { ...record, event: type } : record;
}

/** One of several preferences; RFC 7240 compares names without case. */
const prefersAsync = (prefer = ''): boolean =>
  prefer.split(',').some((preference) => preference.trim().toLowerCase() === 'respond-async');

type Encoded = ReadonlyArray<EncodedRecord | Refusal>;

/** Stores what could be encoded. */
const produceAll = (encoded: Encoded, { producer, random }: IngestPorts): Promise<RecordAnswer[]> =>
  answerAll(encoded, random(), async (records) => {
    const results = await producer.produce(records);
    return records.map((record, index) => recordAnswer(record, results[index] as ProduceResult));
  });

/** Queues what could be encoded and is not too large for the queue. */
const putAll = (encoded: Encoded, queue: RecordQueue, { random }: IngestPorts): Promise<RecordAnswer[]> =>
  answerAll(encoded.map(refuseTooLarge), random(), async (records) => {
    const results = await queue.put(records);
    return records.map((record, index) => queueAnswer(record, results[index] as QueueResult));
  });

function refuseTooLarge(record: EncodedRecord | Refusal): EncodedRecord | Refusal {
  if ('problem' in record || recordBytes(record) <= QUEUED_RECORD_BYTES_MAX) {
    return record;
  }
  const detail = `With Prefer: respond-async a record has at most ${QUEUED_RECORD_BYTES_MAX} bytes.`;
  return { event: record.topic.name, problem: problem('record-too-large', detail) };
}

const recordBytes = ({ key, value }: EncodedRecord): number => (key?.length ?? 0) + value.length;

/** The answers of `store` and the refusals before it, in the order of the request. */
async function answerAll(
  encoded: Encoded,
  draw: number,
  store: (records: readonly OutgoingRecord[]) => Promise<RecordAnswer[]>,
): Promise<RecordAnswer[]> {
  // All records without a key go to one partition, so that the request becomes one large batch.
  const outgoing = encoded.flatMap((record) => ('problem' in record ? [] : [toOutgoing(record, draw)]));
  const answers = (outgoing.length > 0 ? await store(outgoing) : []).values();
  return encoded.map((record) => ('problem' in record ? record : (answers.next().value as RecordAnswer)));
}

function toOutgoing({ topic: { name, partitions }, ...record }: EncodedRecord, draw: number): OutgoingRecord {
  const partition = record.key ? partitionForKey(record.key, partitions) : Math.floor(draw * partitions);
  return { topic: name, partition, ...record };
}

function recordAnswer({ topic: event, partition, headers }: OutgoingRecord, result: ProduceResult): RecordAnswer {
  if ('offset' in result) {
    const traceparent = headers['ce_traceparent']?.toString();
    return { event, partition, offset: result.offset, ...(isTraceparent(traceparent) ? { traceparent } : {}) };
  }
  const detail = 'Kafka did not acknowledge the record; send it again with the same id.';
  return { event, problem: problem('kafka-unavailable', detail), fault: `kafka: ${result.error.message}` };
}

function queueAnswer({ topic: event }: OutgoingRecord, result: QueueResult): RecordAnswer {
  if ('queued' in result) {
    return { event, queued: true };
  }
  const detail = 'The queue did not take the record; send it again with the same id.';
  return { event, problem: problem('queue-unavailable', detail), fault: `queue: ${result.error.message}` };
}

function refuseRequest(refusal: Problem): IngestResponse {
  return respondProblem(refusal, [{ problem: refusal }]);
}

function answerSingle(answers: readonly RecordAnswer[]): IngestResponse {
  const [answer] = answers as [RecordAnswer];
  if ('problem' in answer) {
    return respondProblem(answer.problem, answers);
  }
  return respondJson(statusOf(answer), acceptedBody(answer), answers);
}

function answerBatch(answers: readonly RecordAnswer[]): IngestResponse {
  const problems = answers.flatMap((answer) => ('problem' in answer ? [answer.problem] : []));
  const accepted = answers.length - problems.length;
  const body = { accepted, rejected: problems.length, records: recordBodies(answers) };
  const stored = answers.find((answer): answer is StoredRecord | QueuedRecord => !('problem' in answer));
  if (stored !== undefined) {
    return respondJson(problems.length === 0 ? statusOf(stored) : 207, body, answers);
  }
  // Nothing was stored, so the answer as a whole is the error; one that is worth a retry wins.
  const worst = problems.find(({ status }) => status === 503) ?? (problems[0] as Problem);
  const detail = `No record was accepted. Record ${problems.indexOf(worst)}: ${worst.detail}`;
  return respondProblem({ ...worst, detail, ...body }, answers);
}

/** Of a request, all records go the same way. */
const statusOf = (answer: StoredRecord | QueuedRecord): number => ('queued' in answer ? 202 : 200);

const acceptedBody = (answer: StoredRecord | QueuedRecord): object =>
  'queued' in answer ? { queued: true } : { partition: answer.partition, offset: answer.offset };

/** One entry for each record. After `LISTED_ERRORS_MAX` a problem keeps its detail but lists its errors no more. */
function recordBodies(answers: readonly RecordAnswer[]): object[] {
  let listed = 0;
  return answers.map((answer) => {
    if (!('problem' in answer)) {
      return acceptedBody(answer);
    }
    const { errors = [], ...rest } = answer.problem;
    listed += errors.length;
    return { error: listed > LISTED_ERRORS_MAX ? rest : answer.problem };
  });
}

function respondJson(status: number, body: object, answers: readonly RecordAnswer[]): IngestResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), ...tally(answers) };
}

function respondProblem(refusal: Problem, answers: readonly RecordAnswer[]): IngestResponse {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (refusal.status === 503) {
    headers['retry-after'] = '1';
  }
  return { status: refusal.status, headers, body: JSON.stringify(refusal), ...tally(answers) };
}

function tally(answers: readonly RecordAnswer[]): Pick<IngestResponse, 'counts' | 'faults' | 'traced'> {
  const accepted: Counter = new Map();
  const rejected = new Map<string, Counter>();
  const faults = new Set<string>();
  const traced: TracedRecord[] = [];
  for (const answer of answers) {
    const { event = UNKNOWN_EVENT } = answer;
    if ('problem' in answer) {
      const codes = rejected.get(event) ?? new Map();
      rejected.set(event, codes);
      add(codes, problemName(answer.problem));
      if (answer.fault !== undefined) {
        faults.add(answer.fault);
      }
    } else {
      add(accepted, event);
      if ('traceparent' in answer && answer.traceparent !== undefined) {
        traced.push({ ...answer, traceparent: answer.traceparent });
      }
    }
  }
  const byCode = [...rejected].map(([event, codes]) => [event, Object.fromEntries(codes)] as const);
  const counts = { accepted: Object.fromEntries(accepted), rejected: Object.fromEntries(byCode) };
  return { counts, faults: [...faults], traced };
}

type Counter = Map<string, number>;

function add(counter: Counter, name: string): void {
  counter.set(name, (counter.get(name) ?? 0) + 1);
}

const problemName = ({ type }: Problem): string => type.slice(type.lastIndexOf(':') + 1);
