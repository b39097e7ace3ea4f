/** Runs one function's handler against the Lambda runtime API: the process that a function environment is. */
import { existsSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prefixConsoleLines } from './console-lines.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
interface Context {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

type Handler = (event: unknown, context: Context) => unknown;

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const env = process.env as Readonly<Record<string, string>>;
const agent = new Agent({ keepAlive: true });

// The host holds the other end of stdin. However it dies, the pipe closes, and this process must not outlive it.
process.stdin.on('close', () => process.exit(1)).resume();

// Ctrl-C in a terminal reaches every process in it. The host alone decides what to do about it.
process.on('SIGINT', () => {});

// What a bundle leaves out (native modules) comes with a layer on AWS; here it comes from the host's own node_modules.
registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (/^[./]|^\w+:/.test(specifier)) throw error;
      return next(specifier, { ...context, parentURL: import.meta.url });
    }
  },
});

let requestId = '';
prefixConsoleLines(() => requestId);
await run();

async function run(): Promise<void> {
  let handler: Handler;
  try {
    handler = await loadHandler(env['LAMBDA_TASK_ROOT'] ?? '', env['_HANDLER'] ?? '');
  } catch (error) {
    console.error('Init Error', error);
    await call('POST', 'init/error', errorBody(error));
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    requestId = String(headers['lambda-runtime-aws-request-id']);
    try {
      const result = await handler(JSON.parse(body.toString('utf8')), invocationContext(requestId, headers));
      await call('POST', `invocation/${requestId}/response`, JSON.stringify(result) ?? 'null');
    } catch (error) {
      console.error('Invoke Error', error);
      await call('POST', `invocation/${requestId}/error`, errorBody(error));
    }
  }
}

/** `index.handler` is the export `handler` of the first of index.mjs, index.js and index.cjs. */
async function loadHandler(root: string, name: string): Promise<Handler> {
  const dot = name.lastIndexOf('.');
  const files = ['.mjs', '.js', '.cjs'].map((extension) => join(root, name.slice(0, dot) + extension));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`Cannot find module '${name.slice(0, dot)}' in the function's code`);
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const handler = module[name.slice(dot + 1)];
  if (typeof handler !== 'function') throw new Error(`${name} is undefined or not exported`);
  return handler as Handler;
}

function invocationContext(awsRequestId: string, headers: IncomingHttpHeaders): Context {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId,
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'] ?? '',
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'] ?? '',
    invokedFunctionArn: String(headers['lambda-runtime-invoked-function-arn']),
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '',
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '',
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function errorBody(error: unknown): string {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] });
}

function call(method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = `http://${env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/${path}`;
    const outgoing = request(url, { method, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => resolve({ headers: incoming.headers, body: Buffer.concat(chunks) }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
