/** Questions to the laptop's warehouse, between the loads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';

const LOCK_TRIES_MAX = 300;
const LOCK_PAUSE_MS = 50;

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly DuckDBValue[]>;
}

/** Runs queries on the database file; waits while a loader holds it. */
export async function query(path: string, sqls: readonly string[]): Promise<Answer[]> {
  const instance = await open(path);
  try {
    const connection = await instance.connect();
    const answers: Answer[] = [];
    for (const sql of sqls) {
      const result = await connection.runAndReadAll(sql);
      answers.push({ columns: result.columnNames(), rows: result.getRows() });
    }
    connection.closeSync();
    return answers;
  } finally {
    instance.closeSync();
  }
}

async function open(path: string): Promise<DuckDBInstance> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
    } catch (error) {
      const locked = error instanceof Error && /lock/i.test(error.message);
      if (!locked || attempt === LOCK_TRIES_MAX) {
        throw error;
      }
      await sleep(LOCK_PAUSE_MS);
    }
  }
}
