/** Failures of functions on demand. */
import type { FaultLimits } from '../fault-rules.ts';

/** Times in milliseconds, from when the process has taken the invocation. */
export type FunctionEffect =
  /** The invocation's time is over then; the function's deadline still tells the template's timeout. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** The process gets a SIGKILL then, as one that has used up its memory. */
  | { readonly kind: 'kill'; readonly afterMs: number };

/** A rule for invocations. */
export interface FunctionFault extends FaultLimits {
  /** Only of functions with such a name. @default all */
  readonly function?: RegExp;
  readonly effect: FunctionEffect;
}
