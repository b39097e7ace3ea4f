/** One payload on its way into bytes: where the encoder writes, where in the payload it is, what it has refused. */
import type { IssueCode, PayloadIssue } from './encode-json.ts';
import { WireWriter } from './wire-writer.ts';

/** More would not help the author of a payload, and would make the answer larger than the question. */
export const ISSUES_MAX = 10;
/** A name in a path comes from the payload, so it is cut when it is longer. */
const PATH_NAME_LENGTH_MAX = 64;

/** Encodes one value without its tag, or refuses it; after a refusal the bytes are worthless. */
export type Encode = (value: unknown, encoding: Encoding) => void;

/** Reused for every payload of one encoder: `reset` starts the next one. */
export class Encoding {
  readonly out = new WireWriter();
  /** Names of fields, keys of maps and indexes of lists, from the payload down to the current value. */
  readonly path: Array<string | number> = [];
  /** At most `ISSUES_MAX`, in the order in which they were met. */
  issues: PayloadIssue[] = [];

  reset(): void {
    this.out.reset();
    this.path.length = 0;
    this.issues = [];
  }

  /** Notes that the value at the current path is unfit. */
  refuse(code: IssueCode, reason: string): void {
    if (this.issues.length < ISSUES_MAX) {
      this.issues.push({ code, path: formatPath(this.path), reason });
    }
  }

  /** Like `refuse`, for a field of the current message. */
  refuseField(name: string, code: IssueCode, reason: string): void {
    this.path.push(name);
    this.refuse(code, reason);
    this.path.pop();
  }
}

const formatPath = (path: ReadonlyArray<string | number>): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${shortName(part)}`))
    .join('')
    .replace(/^\./, '');

/** A payload's own name, as far as answers repeat it. */
export const shortName = (name: string): string =>
  name.length > PATH_NAME_LENGTH_MAX ? `${name.slice(0, PATH_NAME_LENGTH_MAX)}…` : name;
