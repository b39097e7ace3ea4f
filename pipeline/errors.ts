/** A bad world: what stages throw when they cannot go on. Bad data is never an exception. */

export type ErrorCode = 'TOPIC_REPLACED' | 'OBJECT_NOT_FOUND' | 'UNAVAILABLE' | 'BROKEN_INVARIANT' | 'UNKNOWN_FORMAT';

/** The base of all errors of the pipeline. `retryable` says whether the same call may succeed later. */
export class PipelineError extends Error {
  override readonly name: string = 'PipelineError';
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}

export class ObjectNotFoundError extends PipelineError {
  override readonly name = 'ObjectNotFoundError';

  constructor(key: string, cause?: unknown) {
    super('OBJECT_NOT_FOUND', `Cannot read "${key}": there is no such object`, { retryable: true, cause });
  }
}

/** A file of a layout this version does not know, or not one of ours: a newer version wrote it, or nobody here did. */
export class UnknownFormatError extends PipelineError {
  override readonly name = 'UnknownFormatError';

  constructor(what: string, reason: string) {
    super('UNKNOWN_FORMAT', `Cannot read ${what}: ${reason}`, { retryable: false });
  }
}

/** Something that the design rules out: going on could lose or double rows. */
export class BrokenInvariantError extends PipelineError {
  override readonly name = 'BrokenInvariantError';

  constructor(message: string) {
    super('BROKEN_INVARIANT', message, { retryable: false });
  }
}
