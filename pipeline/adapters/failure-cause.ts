/** Why an execution failed, as far as the warehouse's words tell. */
import type { StatementStatus } from './statement-service.ts';

type Cause = Extract<StatementStatus, { state: 'failed' }>['cause'];

/** What the warehouse itself met with, whatever the statements were; no service gives a code for these. */
const BUSY: readonly RegExp[] = [
  // S3 while files are read: 5xx as COPY ("Status 503,Error SlowDown") and stages ("Status Code: 503") quote it.
  /\bslow ?down\b|reduce your request rate|speed limit exceeded|\bstatus(?: code)?:? *5\d\d\b|\bInternalError\b/i,
  /\bcurl ?(?:exception|error)|connection (?:was )?(?:timed out|reset|refused|closed)|closed the connection/i,
  /could not (?:connect|resolve host)|\bfailed to connect\b/i,
  // Redshift's workload management took the query back ("cancelled by WLM abort action of Query Monitoring Rule").
  /\bWLM\b/,
  /\bTOO_MANY_REQUESTS|throttl|exhausted/i,
];

/** @param conflict matches what this warehouse says when another transaction was first. */
export function failureCause(reason: string, conflict: RegExp): Cause {
  if (conflict.test(reason)) {
    return 'conflict';
  }
  return BUSY.some((pattern) => pattern.test(reason)) ? 'busy' : 'statements';
}
