/** Which errors of AWS's clients pass by themselves. */
import { PipelineError } from '../errors.ts';

/** Names that say "too much to do", beside those that the SDK itself marks as throttling or transient. */
const BUSY = new Set([
  'ActiveSessionsExceededException',
  'ActiveStatementsExceededException',
  'ActiveWaitingRequestsExceededException',
  'DatabaseConnectionException',
  'InternalServerException',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
]);

/**
 * Calls the service; the SDK has already tried again a few times.
 * @throws PipelineError `UNAVAILABLE` for what passes by itself; any other error as it is.
 */
export async function whenAvailable<Result>(service: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const { name, message, $retryable, $metadata, code } = error as {
      readonly name?: string;
      readonly message?: string;
      readonly $retryable?: object;
      readonly $metadata?: { readonly httpStatusCode?: number };
      readonly code?: string;
    };
    const passing = $retryable || BUSY.has(name ?? '') || ($metadata?.httpStatusCode ?? 0) >= 500 || isNetwork(code);
    if (!passing) {
      throw error;
    }
    const reason = `Cannot reach ${service}: ${name ?? code}: ${message}; try again later`;
    throw new PipelineError('UNAVAILABLE', reason, { retryable: true, cause: error });
  }
}

/** Node's codes of connections that fail. */
const isNetwork = (code: string | undefined): boolean =>
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code ?? '');
