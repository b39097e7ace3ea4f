/** Questions to the laptop's warehouse, between the loads. */
import type { DuckDBValue } from '@duckdb/node-api';
import { withDuckdb } from '../pipeline/adapters/with-duckdb.ts';

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly DuckDBValue[]>;
}

/** Runs queries on the database file; waits while a loader holds it. */
export function query(path: string, sqls: readonly string[]): Promise<Answer[]> {
  return withDuckdb(path, 'READ_ONLY', async (connection) => {
    const answers: Answer[] = [];
    for (const sql of sqls) {
      const result = await connection.runAndReadAll(sql);
      answers.push({ columns: result.columnNames(), rows: result.getRows() });
    }
    return answers;
  });
}
