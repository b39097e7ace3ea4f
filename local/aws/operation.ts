/** What a request to the endpoint asks for, in AWS's own words. */
import type { ShimRequest } from './aws-shim.ts';

export interface Operation {
  /** PutObject, ReceiveMessage, GetParameter …; empty for what no rule can name. */
  readonly operation: string;
  /** `<bucket>/<key>`, `<bucket>/<prefix>` of a listing, the queue's or the parameter's name. */
  readonly name: string;
  /** Whether it carries `If-None-Match`. */
  readonly conditional: boolean;
  readonly protocol: 'xml' | 'json';
}

/** S3's operations are told apart by method, path and query; those of SQS and SSM by a header. */
export function operationOf(request: ShimRequest): Operation {
  const conditional = request.headers['if-none-match'] !== undefined;
  const [service, action] = String(request.headers['x-amz-target'] ?? '').split('.');
  if (service && action) {
    return { operation: action, name: targetName(request.body), conditional, protocol: 'json' };
  }
  const { bucket = '', '*': key = '' } = request.params as { bucket?: string; '*'?: string };
  const query = request.query as Readonly<Record<string, string | undefined>>;
  if (bucket === '') return { operation: '', name: '', conditional, protocol: 'xml' };
  if (key === '') {
    const operation = request.method === 'GET' ? 'ListObjectsV2' : '';
    return { operation, name: `${bucket}/${query['prefix'] ?? ''}`, conditional, protocol: 'xml' };
  }
  return { operation: objectOperation(request.method, query), name: `${bucket}/${key}`, conditional, protocol: 'xml' };
}

function objectOperation(method: string, query: Readonly<Record<string, string | undefined>>): string {
  const isOfUpload = query['uploadId'] !== undefined;
  switch (method) {
    case 'GET':
      return 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      return isOfUpload ? 'UploadPart' : 'PutObject';
    case 'POST':
      return isOfUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    case 'DELETE':
      return isOfUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return '';
  }
}

/** SQS's body is parsed already, SSM's is not. */
function targetName(body: unknown): string {
  const fields = (Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : body) as {
    readonly QueueUrl?: string;
    readonly Name?: string;
    readonly Path?: string;
  } | null;
  return fields?.QueueUrl?.split('/').at(-1) ?? fields?.Name ?? fields?.Path ?? '';
}
