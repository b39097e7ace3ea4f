/** The ingest API: events in by HTTP, records in Kafka, an answer for each record. */
import type { Catalog, CatalogEntry, EventProducer, OutgoingRecord, ProduceResult } from '../ports.ts';
import { type CloudEvent, type EventResult, readEvents } from './cloud-events.ts';
import { type EncodedRecord, encodeRecord, type RecordEncoder, recordEncoder } from './encode-record.ts';
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

type RecordAnswer =
  | { readonly event: string; readonly partition: number; readonly offset: number }
  | { readonly problem: Problem };

/**
 * Validates, encodes and stores the events of one request.
 *
 * Delivery: a record that is answered with a partition and an offset is stored on all in-sync replicas, once. A record
 * answered with an error is not stored, except `kafka-unavailable`, where that is not known: send it again with the
 * same `id`. One bad record does not touch its neighbours. Never throws for bad input.
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
  const encoders = await findEncoders(read.events, ports.catalog);
  const timestamp = ports.now();
  const encoded = read.events.map((result) => encodeEvent(result, encoders, timestamp));
  const answers = await produceAll(encoded, ports);
  return read.batch ? answerBatch(answers) : answerSingle(answers);
}

/** One catalog look-up for each kind of event in the request. */
async function findEncoders(events: readonly EventResult[], catalog: Catalog): Promise<Map<string, RecordEncoder>> {
  const types = new Set(events.flatMap((result) => ('event' in result ? [result.event.type] : [])));
  const encoders = new Map<string, RecordEncoder>();
  for (const type of types) {
    const entry: CatalogEntry | undefined = await catalog.find(type);
    if (entry) {
      encoders.set(type, recordEncoder(entry));
    }
  }
  return encoders;
}

type EncodeAnswer = EncodedRecord | { readonly problem: Problem };

function encodeEvent(result: EventResult, encoders: ReadonlyMap<string, RecordEncoder>, now: number): EncodeAnswer {
  if ('problem' in result) {
    return result;
  }
  const event: CloudEvent = result.event;
  const encoder = encoders.get(event.type);
  return encoder
    ? encodeRecord(encoder, event, now)
    : { problem: problem('unknown-event', 'type names no event that is deployed here.') };
}

/** Stores the records topic by topic; answers come back in the order of the request. */
async function produceAll(encoded: readonly EncodeAnswer[], ports: IngestPorts): Promise<RecordAnswer[]> {
  const answers: RecordAnswer[] = [];
  const topics = new Map<string, Array<{ index: number; record: EncodedRecord }>>();
  for (const [index, record] of encoded.entries()) {
    if ('problem' in record) {
      answers[index] = record;
    } else {
      const group = topics.get(record.topic.name);
      group ? group.push({ index, record }) : topics.set(record.topic.name, [{ index, record }]);
    }
  }
  for (const [topic, group] of topics) {
    const records = await produceTopic(
      topic,
      group.map(({ record }) => record),
      ports,
    );
    for (const [position, { index }] of group.entries()) {
      answers[index] = records[position] as RecordAnswer;
    }
  }
  return answers;
}

async function produceTopic(
  topic: string,
  records: readonly EncodedRecord[],
  { producer, random }: IngestPorts,
): Promise<RecordAnswer[]> {
  // All records without a key go to one partition, so that the request becomes one large batch.
  const draw = random();
  const outgoing = records.map(({ topic: { partitions }, ...record }): OutgoingRecord => {
    const partition = record.key ? partitionForKey(record.key, partitions) : Math.floor(draw * partitions);
    return { partition, ...record };
  });
  const results = await producer.produce(topic, outgoing);
  return results.map((result, index) => recordAnswer(topic, outgoing[index] as OutgoingRecord, result));
}

function recordAnswer(event: string, { partition }: OutgoingRecord, result: ProduceResult): RecordAnswer {
  return 'offset' in result ? { event, partition, offset: result.offset } : { problem: unavailable() };
}

const unavailable = (): Problem =>
  problem('kafka-unavailable', 'Kafka did not acknowledge the record; send it again with the same id.');

function refuseRequest(refusal: Problem): IngestResponse {
  return respondProblem(refusal, { accepted: {}, rejected: { [problemName(refusal)]: 1 } });
}

function answerSingle(answers: readonly RecordAnswer[]): IngestResponse {
  const [answer] = answers as [RecordAnswer];
  const counts = count(answers);
  if ('problem' in answer) {
    return respondProblem(answer.problem, counts);
  }
  return respondJson(200, { partition: answer.partition, offset: answer.offset }, counts);
}

function answerBatch(answers: readonly RecordAnswer[]): IngestResponse {
  const counts = count(answers);
  const rejected = answers.filter((answer) => 'problem' in answer).length;
  const records = answers.map((answer) =>
    'problem' in answer ? { error: answer.problem } : { partition: answer.partition, offset: answer.offset },
  );
  const body = { accepted: answers.length - rejected, rejected, records };
  if (rejected < answers.length) {
    return respondJson(rejected === 0 ? 200 : 207, body, counts);
  }
  // Nothing was stored, so the answer as a whole is the error; one that is worth a retry wins.
  const problems = answers.flatMap((answer) => ('problem' in answer ? [answer.problem] : []));
  const worst = problems.find(({ status }) => status === 503) ?? (problems[0] as Problem);
  return respondProblem(
    { ...worst, detail: `No record was accepted. Record 0: ${problems[0]?.detail}`, ...body },
    counts,
  );
}

function count(answers: readonly RecordAnswer[]): IngestCounts {
  const accepted: Record<string, number> = {};
  const rejected: Record<string, number> = {};
  for (const answer of answers) {
    const [counts, name] = 'problem' in answer ? [rejected, problemName(answer.problem)] : [accepted, answer.event];
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return { accepted, rejected };
}

const problemName = ({ type }: Problem): string => type.slice(type.lastIndexOf(':') + 1);

function respondJson(status: number, body: object, counts: IngestCounts): IngestResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), counts };
}

function respondProblem(refusal: Problem, counts: IngestCounts): IngestResponse {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (refusal.status === 503) {
    headers['retry-after'] = '1';
  }
  return { status: refusal.status, headers, body: JSON.stringify(refusal), counts };
}
