/** A column's refusal as the ingest tells it. */
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

export function payloadIssue({ code, path, reason }: Rejection): PayloadIssue {
  return { code: CODES[code], path, reason: `is refused: ${reason}` };
}
