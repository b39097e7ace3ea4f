/** What a function's result becomes as an HTTP response: payload format 2.0. */

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

interface StructuredResult {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

/**
 * A result with `statusCode` is the response; anything else is the body of a 200 with JSON.
 * @returns undefined when `statusCode` is no status, which API Gateway calls a malformed response.
 */
export function functionResponse(payload: Buffer): HttpResponse | undefined {
  const result = JSON.parse(payload.toString('utf8')) as StructuredResult | string | null;
  if (typeof result !== 'object' || result === null || result.statusCode === undefined) {
    const body = Buffer.from(typeof result === 'string' ? result : JSON.stringify(result));
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const status = Number(result.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const headers: Record<string, string | string[]> = { 'content-type': 'text/plain;charset=UTF-8' };
  for (const [name, value] of Object.entries(result.headers ?? {})) headers[name.toLowerCase()] = String(value);
  if (result.cookies !== undefined) headers['set-cookie'] = [...result.cookies];
  const text = typeof result.body === 'string' ? result.body : JSON.stringify(result.body ?? '');
  const body =
    result.body === undefined ? Buffer.alloc(0) : Buffer.from(text, result.isBase64Encoded ? 'base64' : 'utf8');
  return { status, headers, body };
}

/** An answer of API Gateway itself. */
export function gatewayResponse(status: number, message: string): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ message })) };
}
