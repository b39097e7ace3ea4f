/** Structured logs: one line of JSON for each thing worth knowing. */

type LogValue = string | number | boolean | null | undefined | readonly (string | number)[];

/**
 * What a line is about. `undefined` is left out. Never a payload, a key or a header's value: logs are read by more
 * people than the data.
 */
export interface LogFields {
  readonly requestId?: string | undefined;
  readonly event?: string | undefined;
  readonly partition?: number | undefined;
  /** The first offset, and one past the last. */
  readonly first?: number | undefined;
  readonly next?: number | undefined;
  readonly commitKey?: string | undefined;
  readonly [name: string]: LogValue;
}

/** Writes lines with the fields it was made with. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** Tells the error's type and message, and of our own errors the code and whether the same call may succeed later. */
  error(message: string, error: unknown, fields?: LogFields): void;
  /** A log with more fields. */
  with(fields: LogFields): Log;
}

/**
 * A line is `{"time","level","message",…fields}`.
 * @param fields of every line: a function's handler gives the event and the request's id.
 */
export function jsonLog(fields: LogFields = {}, now: () => number = Date.now): Log {
  const line = (level: string, message: string, more: LogFields): string =>
    JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields, ...more });
  return {
    info: (message, more = {}) => writeLine(line('INFO', message, more)),
    warn: (message, more = {}) => writeLine(line('WARN', message, more)),
    error: (message, error, more = {}) => writeLine(line('ERROR', message, { ...describe(error), ...more })),
    with: (more) => jsonLog({ ...fields, ...more }, now),
  };
}

/**
 * Writes one line of a function's log as it is. Not by `console`: Lambda's runtime puts time, request id and level in
 * front of what comes that way, and no filter takes the line for JSON any more. Standard output is a pipe there, which
 * Node writes to before it goes on, so no line is lost when the environment freezes.
 */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describe(error: unknown): LogFields {
  if (!(error instanceof Error)) {
    return { error: String(error) };
  }
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: unknown };
  return {
    errorType: error.name,
    error: error.message,
    code: typeof code === 'string' ? code : undefined,
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
  };
}
