/** An API Gateway HTTP API on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import { listen } from '../listen.ts';
import { readBody } from '../read-body.ts';
import { functionResponse, gatewayResponse, type HttpResponse } from './function-response.ts';
import { requestEvent } from './request-event.ts';
import { matchRoute, type Route } from './route-match.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** API Gateway keeps idle connections for 350 s; Node's 5 s would cut off clients that just reuse one. */
const KEEP_ALIVE_MS = 350_000;

/** What API Gateway answers when the function cannot. (unverified, from reports of users of HTTP APIs) */
const STATUS_OF_ERROR: Readonly<Record<string, readonly [number, string]>> = {
  RequestEntityTooLargeException: [413, 'Request Entity Too Large'],
  TooManyRequestsException: [503, 'Service Unavailable'],
  'Sandbox.Timedout': [503, 'Service Unavailable'],
};

export interface Integration {
  readonly function: LambdaFunction;
  readonly timeoutMs: number;
}

/** Routes and integrations may be added while it runs. IAM authorization is not checked: it listens on loopback only. */
export class HttpApi {
  readonly id: string;
  readonly routes: Route[] = [];
  readonly integrations = new Map<string, Integration>();
  readonly #server = createServer((request, response) => this.#serve(request, response));

  constructor(id: string) {
    this.id = id;
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** @returns its origin, `http://127.0.0.1:<port>`. @throws HostError when the port is taken. */
  async start(port: number): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server, port)}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.#answer(request));
    } catch (error) {
      // A client that goes away in the middle of its body gets no answer.
      if (request.destroyed && !request.complete) return;
      process.emitWarning(`The HTTP API cannot answer ${request.method} ${request.url}: ${String(error)}`);
      send(response, gatewayResponse(500, 'Internal Server Error'));
    }
  }

  async #answer(request: IncomingMessage): Promise<HttpResponse> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const match = matchRoute(this.routes, request.method ?? 'GET', path);
    const integration = match && this.integrations.get(match.route.integrationId);
    if (match === undefined || integration === undefined) return gatewayResponse(404, 'Not Found');
    const body = await readBody(request, BODY_BYTES_MAX);
    if (body === undefined) return gatewayResponse(413, 'Request Entity Too Large');
    const { routeKey } = match.route;
    const event = requestEvent(request, body, { apiId: this.id, routeKey, pathParameters: match.pathParameters });
    const result = await withTimeout(integration.function.invoke(event), integration.timeoutMs);
    if (result === 'timeout') return gatewayResponse(503, 'Service Unavailable');
    if (!result.ok) {
      return gatewayResponse(...(STATUS_OF_ERROR[result.error.errorType] ?? [500, 'Internal Server Error']));
    }
    return functionResponse(result.payload) ?? gatewayResponse(500, 'Internal Server Error');
  }
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

async function withTimeout<Value>(promise: Promise<Value>, ms: number): Promise<Value | 'timeout'> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
