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

/** Node's codes of connections that fail, as its messages have them. */
const NETWORK = /\b(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b|socket hang up/;

/**
 * Calls the service; the SDK has already tried again a few times.
 * @throws PipelineError `UNAVAILABLE` for what passes by itself; any other error as it is.
 */
export async function whenAvailable<Result>(service: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const { name, message, $retryable, $metadata } = error as {
      readonly name?: string;
      readonly message?: string;
      readonly $retryable?: object;
      readonly $metadata?: { readonly httpStatusCode?: number };
    };
    const passing =
      $retryable || BUSY.has(name ?? '') || ($metadata?.httpStatusCode ?? 0) >= 500 || NETWORK.test(`${message}`);
    if (!passing) {
      throw error;
    }
    const reason = `Cannot reach ${service}: ${name}: ${message}; try again later`;
    throw new PipelineError('UNAVAILABLE', reason, { retryable: true, cause: error });
  }
}
