/** Refusals as the ingest tells them. */
import type { Rejection, RejectionCode } from '../parquet/rejection.ts';
import type { IssueCode, PayloadIssue } from '../protobuf/encode-json.ts';

const CODES: Readonly<Record<RejectionCode, IssueCode>> = {
  missing: 'MISSING_FIELD',
  type: 'WRONG_TYPE',
  range: 'OUT_OF_RANGE',
  unicode: 'OUT_OF_RANGE',
  enum: 'OUT_OF_RANGE',
  wire: 'WRONG_TYPE',
};

/** A column's refusal. */
export function payloadIssue({ code, path, reason }: Rejection): PayloadIssue {
  return { code: CODES[code], path, reason: `is refused: ${reason}` };
}

/** @param field in which a name comes twice: of its values a parser keeps one */
export function repeatedIssue(field: string): PayloadIssue {
  return { code: 'DUPLICATE_FIELD', path: field, reason: 'must come once, and so must each name in it' };
}
