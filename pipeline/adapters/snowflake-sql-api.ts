/** Snowflake's SQL API v2 over `fetch`. */
import { createHash } from 'node:crypto';
import { PipelineError } from '../errors.ts';
import { failureCause } from './failure-cause.ts';
import type { ResultRow, StatementService, StatementStatus, Submission } from './statement-service.ts';

export interface SnowflakePlace {
  readonly account: string;
  readonly database: string;
  readonly schema: string;
  readonly warehouse: string;
  readonly role: string;
  /** @default the account's own */
  readonly origin?: string;
}

/** What the API answers with, as far as it is read. */
interface Answer {
  readonly code?: string;
  readonly message?: string;
  readonly statementHandle?: string;
  /** Of a request with several statements. */
  readonly statementHandles?: readonly string[];
  readonly data?: readonly ResultRow[];
  readonly resultSetMetaData?: { readonly partitionInfo?: readonly object[] };
}

const OK = 200;
const ACCEPTED = 202;
const STATEMENT_TIMEOUT = 408;
const UNPROCESSABLE = 422;
const TOO_MANY_REQUESTS = 429;

const REQUEST_TIMEOUT_MS = 30_000;

/**
 * A request's statements run in one session of their own, asynchronously. The request's id is made of the token, and
 * `retry=true` asks for the execution of that id if there is one. Handles and results are kept for 24 hours.
 * @param token gives the JSON Web Token to use now.
 */
export function snowflakeSqlApi(place: SnowflakePlace, token: () => string): StatementService {
  const { database, schema, warehouse, role } = place;
  // Host names have no underscores ("Account identifiers").
  const host = `${place.account.toLowerCase().replaceAll('_', '-')}.snowflakecomputing.com`;
  const origin = place.origin ?? `https://${host}`;
  const call = (path: string, body?: object) => request(`${origin}/api/v2/statements${path}`, token(), body);
  return {
    async submit({ statements, token, name }: Submission) {
      const query = new URLSearchParams({ requestId: uuidOf(token), retry: 'true', async: 'true' });
      const parameters = {
        MULTI_STATEMENT_COUNT: String(statements.length),
        // Else numbers and times are written as the account's settings say.
        TIMEZONE: 'UTC',
        QUERY_TAG: name,
      };
      const statement = statements.join(';\n');
      const { answer } = await call(`?${query}`, { statement, database, schema, warehouse, role, parameters });
      if (answer.statementHandle === undefined) {
        throw new Error(`Cannot run statements: Snowflake says: ${answer.code} ${answer.message}`);
      }
      return answer.statementHandle;
    },
    async status(id): Promise<StatementStatus> {
      const { status, answer } = await call(`/${id}`);
      if (status === OK) {
        return { state: 'finished' };
      }
      return status === ACCEPTED ? { state: 'running' } : failed(answer);
    },
    async rows(id) {
      const { answer } = await call(`/${id}`);
      const last = answer.statementHandles?.at(-1);
      if (last === undefined) {
        return allRows(id, answer, call);
      }
      return allRows(last, (await call(`/${last}`)).answer, call);
    },
    unfinished: async () => [],
    close() {},
  };
}

async function allRows(
  id: string,
  first: Answer,
  call: (path: string) => Promise<{ answer: Answer }>,
): Promise<ResultRow[]> {
  const rows = [...(first.data ?? [])];
  const partitions = first.resultSetMetaData?.partitionInfo?.length ?? 1;
  for (let partition = 1; partition < partitions; partition++) {
    const { answer } = await call(`/${id}?partition=${partition}`);
    rows.push(...(answer.data ?? []));
  }
  return rows;
}

/** Another transaction held the event's lock for too long, or too many waited for it. */
const CONFLICT = /number of waiters|lock.*timeout|deadlock/i;

const failed = ({ code, message }: Answer): StatementStatus => ({
  state: 'failed',
  reason: `${code}: ${message}`,
  cause: failureCause(message ?? '', CONFLICT),
});

/** @throws PipelineError `UNAVAILABLE` when no answer comes, or one that says to come again. */
async function request(url: string, token: string, body?: object): Promise<{ status: number; answer: Answer }> {
  const headers = {
    Authorization: `Bearer ${token}`,
    'X-Snowflake-Authorization-Token-Type': 'KEYPAIR_JWT',
    'User-Agent': 'headrace/1',
    Accept: 'application/json',
  };
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const post = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } };
  const response = await fetch(url, body ? { ...post, body: JSON.stringify(body), signal } : { headers, signal }).catch(
    (cause: unknown) => {
      throw unavailable(String(cause), cause);
    },
  );
  const text = await response.text().catch((cause: unknown) => {
    throw unavailable(String(cause), cause);
  });
  const { status } = response;
  if (status === TOO_MANY_REQUESTS || status >= 500) {
    throw unavailable(`HTTP status ${status}`);
  }
  const answer = parse(text);
  // 408 and 422 are about the statements: it is the execution that failed, not the request.
  if (![OK, ACCEPTED, STATEMENT_TIMEOUT, UNPROCESSABLE].includes(status)) {
    throw new Error(`Cannot call Snowflake: HTTP status ${status}, ${answer.code}: ${answer.message}`);
  }
  return { status, answer };
}

function parse(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return {};
  }
}

const unavailable = (reason: string, cause?: unknown): PipelineError =>
  new PipelineError('UNAVAILABLE', `Cannot reach Snowflake: ${reason}; try again later`, { retryable: true, cause });

/** A UUID of version 8 (RFC 9562): ours to fill. */
function uuidOf(token: string): string {
  const hex = createHash('sha256').update(token).digest('hex');
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return groups.join('-');
}
