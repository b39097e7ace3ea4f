/** Athena's API: queries that run by themselves and leave their results in S3. */
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type Row,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { whenAvailable } from './aws-unavailable.ts';
import { failureCause } from './failure-cause.ts';
import type { ResultRow, StatementService, StatementStatus } from './statement-service.ts';

export interface AthenaWorkgroup {
  /** It says where results go and how much a query may read. */
  readonly workgroup: string;
  readonly database: string;
}

/** A submission is one statement. The same token gives the same query. */
export function athenaApi({ workgroup, database }: AthenaWorkgroup, client = new AthenaClient({})): StatementService {
  return {
    async submit({ statements, token }) {
      const [statement, ...more] = statements;
      if (statement === undefined || more.length > 0) {
        throw new Error(`Cannot run ${statements.length} statements at once: Athena allows one`);
      }
      const command = new StartQueryExecutionCommand({
        QueryString: statement,
        ClientRequestToken: token,
        QueryExecutionContext: { Database: database },
        WorkGroup: workgroup,
      });
      const { QueryExecutionId } = await whenAvailable('Athena', () => client.send(command));
      return QueryExecutionId ?? '';
    },
    status: (id) => queryStatus(client, id),
    rows: (id) => allRows(client, id),
    unfinished: async () => [],
    close: () => client.destroy(),
  };
}

async function queryStatus(client: AthenaClient, id: string): Promise<StatementStatus> {
  const { QueryExecution } = await whenAvailable('Athena', () =>
    client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
  );
  const { State, StateChangeReason: reason = '', AthenaError } = QueryExecution?.Status ?? {};
  if (State === 'FAILED' || State === 'CANCELLED') {
    const cause = failureCause(reason, CONFLICT);
    const passes = cause === 'statements' && AthenaError?.Retryable === true;
    return { state: 'failed', reason: reason || State, cause: passes ? 'busy' : cause };
  }
  return { state: State === 'SUCCEEDED' ? 'finished' : 'running' };
}

/** Another writer of the Iceberg table was first. */
const CONFLICT = /ICEBERG_COMMIT_ERROR/;

async function allRows(client: AthenaClient, id: string): Promise<ResultRow[]> {
  const rows: Row[] = [];
  let next: string | undefined;
  do {
    const command = new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: next });
    const { ResultSet, NextToken } = await whenAvailable('Athena', () => client.send(command));
    rows.push(...(ResultSet?.Rows ?? []));
    next = NextToken;
  } while (next);
  // The first row of a SELECT's first page holds the names of its columns.
  return rows.slice(1).map(({ Data }) => (Data ?? []).map(({ VarCharValue }) => VarCharValue ?? null));
}
