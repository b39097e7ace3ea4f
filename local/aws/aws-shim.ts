/** What the endpoint answers itself, before `fauxqs` sees the request. */
import type { ObjectStore } from './object-store.ts';
import type { Parameters } from './parameters.ts';
import { RESPONSE_FOLDER, type ResponseTargets } from './response-targets.ts';
import type { ShimAnswer } from './shim-answer.ts';

export interface ShimState {
  readonly objects: ObjectStore;
  readonly parameters: Parameters;
  readonly responses: ResponseTargets;
  readonly clusters: ReadonlyMap<string, string>;
}

/** As much of a request as the shim looks at; `params` as fauxqs's S3 routes name them. */
export interface ShimRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * The answer, or undefined to let `fauxqs` go on. It is synchronous, and so is fauxqs's handler after it: between the
 * check of `If-None-Match` and the write nothing else runs, which makes the conditional write atomic.
 */
export function shimAnswer(state: ShimState, request: ShimRequest): ShimAnswer | undefined {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target.startsWith('AmazonSSM.')) {
    return state.parameters.answer(target.slice('AmazonSSM.'.length), JSON.parse(text(request.body)));
  }
  if (request.url.startsWith(CLUSTERS_PATH)) return bootstrapBrokers(state.clusters, request.url);
  const { bucket, '*': key } = request.params as { bucket?: string; '*'?: string };
  if (bucket === RESPONSE_FOLDER) return customResourceResponse(state.responses, key ?? '', request);
  if (bucket && key && isObjectWrite(request)) return conditionalWrite(state.objects, bucket, key, request.headers);
  return undefined;
}

const CLUSTERS_PATH = '/v1/clusters/';

/** https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html */
function bootstrapBrokers(clusters: ReadonlyMap<string, string>, url: string): ShimAnswer {
  const [arn = '', action] = url.slice(CLUSTERS_PATH.length).split('/').map(decodeURIComponent);
  const brokers = clusters.get(arn);
  if (action !== 'bootstrap-brokers' || brokers === undefined) {
    return json(404, { message: `Cannot find "${arn}": no such cluster in the templates` });
  }
  // A caller asks for the listener its cluster has; on the laptop each of them is the one plain listener.
  return json(200, {
    bootstrapBrokerString: brokers,
    bootstrapBrokerStringTls: brokers,
    bootstrapBrokerStringSaslIam: brokers,
  });
}

function customResourceResponse(responses: ResponseTargets, id: string, request: ShimRequest): ShimAnswer {
  const accepted = request.method === 'PUT' && responses.accept(id, text(request.body));
  return json(accepted ? 200 : 404, {});
}

function isObjectWrite(request: ShimRequest): boolean {
  const query = request.query as { uploadId?: string };
  return request.method === 'PUT' ? query.uploadId === undefined : request.method === 'POST' && Boolean(query.uploadId);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
function conditionalWrite(
  objects: ObjectStore,
  bucket: string,
  key: string,
  headers: ShimRequest['headers'],
): ShimAnswer | undefined {
  const ifNoneMatch = headers['if-none-match'];
  if (headers['if-match'] !== undefined || (ifNoneMatch !== undefined && ifNoneMatch !== '*')) {
    return s3Error(501, 'NotImplemented', 'The laptop host knows no conditional write but If-None-Match: *.');
  }
  if (ifNoneMatch === undefined || !objects.has(bucket, key)) return undefined;
  return s3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

function s3Error(status: number, code: string, message: string): ShimAnswer {
  const condition = code === 'PreconditionFailed' ? '<Condition>If-None-Match</Condition>' : '';
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${condition}</Error>`;
  return { status, contentType: 'application/xml', body };
}

function json(status: number, body: object): ShimAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

function text(body: unknown): string {
  return Buffer.isBuffer(body) ? body.toString('utf8') : '';
}
