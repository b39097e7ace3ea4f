/** The ingest API: events in by HTTP, records in Kafka, an answer for each record. */
import type { Catalog, EventProducer, OutgoingRecord, ProduceResult } from '../ports.ts';
import { type EventResult, readEvents } from './cloud-events.ts';
import { type EncodedRecord, encodeRecord, type RecordEncoder, recordEncoder } from './encode-record.ts';
import { EVENT_TYPES_MAX, LISTED_ERRORS_MAX } from './limits.ts';
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
  /** For metrics: accepted records by event, and refusals by problem. */
  readonly counts: IngestCounts;
  /** What failed on our side, each reason once: for the log, it is no part of the answer. */
  readonly faults: readonly string[];
}

export interface IngestCounts {
  readonly accepted: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface IngestPorts {
  readonly catalog: Catalog;
  readonly producer: EventProducer;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1; chooses the partition of records without a key. */
  readonly random: () => number;
}

/** Why there is no record, or none that is stored; `fault` says what failed on our side. */
interface Refusal {
  readonly problem: Problem;
  readonly fault?: string;
}

type RecordAnswer = { readonly event: string; readonly partition: number; readonly offset: number } | Refusal;

/**
 * Validates, encodes and stores the events of one request.
 *
 * Delivery: a record that is answered with a partition and an offset is stored on all in-sync replicas, once. A record
 * answered with an error is not stored, except `kafka-unavailable`, where that is not known: send it again with the
 * same `id`. One bad record does not touch its neighbours. Never throws, neither for bad input nor in a bad world.
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
  const encoded = read.events.map((result) => encodeEvent(result, encoders, timestamp));
  const answers = await produceAll(encoded, ports);
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

function encodeEvent(result: EventResult, encoders: Encoders, now: number): EncodedRecord | Refusal {
  if ('problem' in result) {
    return result;
  }
  const encoder = encoders.get(result.event.type) as RecordEncoder | Refusal;
  return 'problem' in encoder ? encoder : encodeRecord(encoder, result.event, now);
}

/** Stores what could be encoded; answers come back in the order of the request. */
async function produceAll(
  encoded: ReadonlyArray<EncodedRecord | Refusal>,
  { producer, random }: IngestPorts,
): Promise<RecordAnswer[]> {
  // All records without a key go to one partition, so that the request becomes one large batch.
  const draw = random();
  const outgoing = encoded.flatMap((record) => ('problem' in record ? [] : [toOutgoing(record, draw)]));
  const results = outgoing.length > 0 ? await producer.produce(outgoing) : [];
  let position = 0;
  return encoded.map((record) => {
    if ('problem' in record) {
      return record;
    }
    const answer = recordAnswer(outgoing[position] as OutgoingRecord, results[position] as ProduceResult);
    position++;
    return answer;
  });
}

function toOutgoing({ topic: { name, partitions }, ...record }: EncodedRecord, draw: number): OutgoingRecord {
  const partition = record.key ? partitionForKey(record.key, partitions) : Math.floor(draw * partitions);
  return { topic: name, partition, ...record };
}

function recordAnswer({ topic, partition }: OutgoingRecord, result: ProduceResult): RecordAnswer {
  if ('offset' in result) {
    return { event: topic, partition, offset: result.offset };
  }
  const detail = 'Kafka did not acknowledge the record; send it again with the same id.';
  return { problem: problem('kafka-unavailable', detail), fault: `kafka: ${result.error.message}` };
}

function refuseRequest(refusal: Problem): IngestResponse {
  return respondProblem(refusal, [{ problem: refusal }]);
}

function answerSingle(answers: readonly RecordAnswer[]): IngestResponse {
  const [answer] = answers as [RecordAnswer];
  if ('problem' in answer) {
    return respondProblem(answer.problem, answers);
  }
  return respondJson(200, { partition: answer.partition, offset: answer.offset }, answers);
}

function answerBatch(answers: readonly RecordAnswer[]): IngestResponse {
  const problems = answers.flatMap((answer) => ('problem' in answer ? [answer.problem] : []));
  const accepted = answers.length - problems.length;
  const body = { accepted, rejected: problems.length, records: recordBodies(answers) };
  if (accepted > 0) {
    return respondJson(problems.length === 0 ? 200 : 207, body, answers);
  }
  // Nothing was stored, so the answer as a whole is the error; one that is worth a retry wins.
  const worst = problems.find(({ status }) => status === 503) ?? (problems[0] as Problem);
  const detail = `No record was accepted. Record ${problems.indexOf(worst)}: ${worst.detail}`;
  return respondProblem({ ...worst, detail, ...body }, answers);
}

/** One entry for each record. After `LISTED_ERRORS_MAX` a problem keeps its detail but lists its errors no more. */
function recordBodies(answers: readonly RecordAnswer[]): object[] {
  let listed = 0;
  return answers.map((answer) => {
    if (!('problem' in answer)) {
      return { partition: answer.partition, offset: answer.offset };
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

function tally(answers: readonly RecordAnswer[]): Pick<IngestResponse, 'counts' | 'faults'> {
  const accepted = new Map<string, number>();
  const rejected = new Map<string, number>();
  const faults = new Set<string>();
  for (const answer of answers) {
    const [counts, name] = 'problem' in answer ? [rejected, problemName(answer.problem)] : [accepted, answer.event];
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if ('fault' in answer) {
      faults.add(answer.fault);
    }
  }
  const counts = { accepted: Object.fromEntries(accepted), rejected: Object.fromEntries(rejected) };
  return { counts, faults: [...faults] };
}

const problemName = ({ type }: Problem): string => type.slice(type.lastIndexOf(':') + 1);
