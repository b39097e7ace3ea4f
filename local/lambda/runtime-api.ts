/** The Lambda runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { readBody } from '../read-body.ts';
import { type FunctionError, failure, type InvocationResult, PAYLOAD_BYTES_MAX } from './invocation.ts';

/** What the runtime API asks and tells one environment. */
export interface RuntimeClient {
  /** The environment's process is ready for an invocation. */
  onNext(send: (invocation: Invocation) => void): void;
  onResult(requestId: string, result: InvocationResult): void;
  onInitError(error: FunctionError): void;
}

export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  readonly deadlineMs: number;
  readonly payload: Buffer;
}

/**
 * One server for all environments. Each gets its own AWS_LAMBDA_RUNTIME_API, `127.0.0.1:<port>/<environment id>`, as a
 * prefix of the protocol's paths.
 */
export class RuntimeApi {
  readonly #clients = new Map<string, RuntimeClient>();
  readonly #server = createServer((request, response) => this.#serveOrRefuse(request, response));
  #port = 0;

  async start(): Promise<void> {
    // An idle environment waits for its next invocation for hours.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 0;
    this.#port = await listen(this.#server, 0);
  }

  /** @returns the value of AWS_LAMBDA_RUNTIME_API. */
  register(environmentId: string, client: RuntimeClient): string {
    this.#clients.set(environmentId, client);
    return `127.0.0.1:${this.#port}/${environmentId}`;
  }

  unregister(environmentId: string): void {
    this.#clients.delete(environmentId);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serveOrRefuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#serve(request, response);
    } catch (error) {
      // An environment that dies in the middle of its body gets no answer; its exit fails the invocation.
      if (request.destroyed && !request.complete) return;
      process.emitWarning(`The Lambda runtime API refuses ${request.method} ${request.url}: ${String(error)}`);
      response.writeHead(400).end();
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, environmentId = '', version, area, ...path] = (request.url ?? '').split('/');
    const client = this.#clients.get(environmentId);
    if (client === undefined || version !== '2018-06-01' || area !== 'runtime') {
      response.writeHead(404).end();
      return;
    }
    const route = `${request.method} ${path.length === 3 ? `${path[0]}/*/${path[2]}` : path.join('/')}`;
    const requestId = path[1] ?? '';
    switch (route) {
      case 'GET invocation/next':
        client.onNext((invocation) => sendInvocation(response, invocation));
        return;
      case 'POST invocation/*/response':
        client.onResult(requestId, await readResponse(request));
        break;
      case 'POST invocation/*/error':
        client.onResult(requestId, { ok: false, error: await readError(request) });
        break;
      case 'POST init/error':
        client.onInitError(await readError(request));
        break;
      default:
        response.writeHead(404).end();
        return;
    }
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  }
}

function sendInvocation(response: ServerResponse, invocation: Invocation): void {
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'content-length': invocation.payload.length,
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': invocation.deadlineMs,
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
    })
    .end(invocation.payload);
}

async function readResponse(request: IncomingMessage): Promise<InvocationResult> {
  const payload = await readBody(request, PAYLOAD_BYTES_MAX);
  if (payload !== undefined) return { ok: true, payload };
  return failure(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES_MAX} bytes).`,
  );
}

async function readError(request: IncomingMessage): Promise<FunctionError> {
  return JSON.parse((await readBody(request, PAYLOAD_BYTES_MAX))?.toString('utf8') ?? '{}') as FunctionError;
}
