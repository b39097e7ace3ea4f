/** One invocation of a function, as its caller sees it. */

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: request and response, synchronous: 6 MB. */
export const PAYLOAD_BYTES_MAX = 6_291_556;

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** A function that fails is a value: what follows depends on who called. */
export type InvocationResult =
  | { readonly ok: true; readonly payload: Buffer }
  | { readonly ok: false; readonly error: FunctionError };

/** A failure that Lambda itself reports. */
export function failure(errorType: string, errorMessage: string): InvocationResult & { readonly ok: false } {
  return { ok: false, error: { errorType, errorMessage } };
}
