/** Redshift's Data API: statements of a Serverless workgroup, without connections. */
import {
  BatchExecuteStatementCommand,
  DescribeStatementCommand,
  type Field,
  GetStatementResultCommand,
  ListStatementsCommand,
  RedshiftDataClient,
  type StatusString,
} from '@aws-sdk/client-redshift-data';
import { whenAvailable } from './aws-unavailable.ts';
import { failureCause } from './failure-cause.ts';
import type { ResultRow, StatementService, StatementStatus } from './statement-service.ts';

export interface RedshiftWorkgroup {
  readonly workgroup: string;
  readonly database: string;
  /** The secret with a database user's name and password. @default the function's own role is the database user */
  readonly secretArn?: string;
}

const RUNNING: readonly StatusString[] = ['SUBMITTED', 'PICKED', 'STARTED'];
/** The most that one call gives. */
const LISTED_MAX = 100;

/**
 * A batch is one transaction, and runs for up to 24 hours on its own. Tokens are remembered for eight hours, results
 * and names for 24.
 */
export function redshiftDataApi(target: RedshiftWorkgroup, client = new RedshiftDataClient({})): StatementService {
  const { workgroup: WorkgroupName, database: Database, secretArn: SecretArn } = target;
  const place = SecretArn === undefined ? { WorkgroupName, Database } : { WorkgroupName, Database, SecretArn };
  return {
    async submit({ statements, token, name }) {
      const command = new BatchExecuteStatementCommand({
        ...place,
        Sqls: [...statements],
        ClientToken: token,
        StatementName: name,
      });
      const { Id } = await whenAvailable('Redshift', () => client.send(command));
      return Id ?? '';
    },
    status: (id) => describe(client, id),
    rows: (id) => allRows(client, id),
    unfinished: (prefix) => listUnfinished(client, prefix, { WorkgroupName, Database }),
    close: () => client.destroy(),
  };
}

async function describe(client: RedshiftDataClient, id: string): Promise<StatementStatus> {
  const { Status, Error: reason } = await whenAvailable('Redshift', () =>
    client.send(new DescribeStatementCommand({ Id: id })),
  );
  if (Status === 'FAILED' || Status === 'ABORTED') {
    return { state: 'failed', reason: reason ?? Status, cause: failureCause(reason ?? '', CONFLICT) };
  }
  return { state: Status === 'FINISHED' ? 'finished' : 'running' };
}

/** Two transactions met, and Redshift rolled this one back ("Isolation levels in Amazon Redshift"). */
const CONFLICT = /serializable isolation violation|deadlock detected|conflict with concurrent transaction/i;

async function allRows(client: RedshiftDataClient, id: string): Promise<ResultRow[]> {
  const { SubStatements } = await whenAvailable('Redshift', () =>
    client.send(new DescribeStatementCommand({ Id: id })),
  );
  const query = SubStatements?.findLast(({ HasResultSet }) => HasResultSet);
  const rows: ResultRow[] = [];
  let next: string | undefined;
  do {
    const command = new GetStatementResultCommand({ Id: query?.Id, NextToken: next });
    const { Records, NextToken } = await whenAvailable('Redshift', () => client.send(command));
    rows.push(...(Records ?? []).map((record) => record.map(text)));
    next = NextToken;
  } while (next);
  return rows;
}

function text(field: Field): string | null {
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  return value === undefined || field.isNull ? null : String(value);
}

/**
 * Submissions of any function with the same role, newest first. The account may list three times a second: a call too
 * many finds nothing, and then what is under way is submitted again, waits for its lock, and loads nothing twice.
 */
async function listUnfinished(
  client: RedshiftDataClient,
  prefix: string,
  place: { readonly WorkgroupName: string; readonly Database: string },
): Promise<Array<{ id: string; name: string }>> {
  const command = new ListStatementsCommand({
    ...place,
    StatementName: prefix,
    Status: 'ALL',
    MaxResults: LISTED_MAX,
  });
  const { Statements = [] } = await client.send(command).catch(() => ({ Statements: [] }));
  return Statements.filter(({ Status }) => Status !== undefined && RUNNING.includes(Status)).map(
    ({ Id, StatementName }) => ({ id: Id ?? '', name: StatementName ?? '' }),
  );
}
