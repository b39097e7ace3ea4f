/** The broker that a suite runs on: the one that HEADRACE_TEST_KAFKA names, else an embedded one of its own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafkaBroker } from '../../../local/kafka/broker.ts';

/** Whether the suite runs on a broker that is not ours. */
export const isOtherBroker = process.env['HEADRACE_TEST_KAFKA'] !== undefined;

/** A broker for one test file. */
export interface TestBroker {
  readonly bootstrap: string;
  stop(): Promise<void>;
}

export async function startTestBroker(): Promise<TestBroker> {
  const bootstrap = process.env['HEADRACE_TEST_KAFKA'];
  if (bootstrap !== undefined) return { bootstrap, stop: async () => {} };
  const dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  const broker = await startKafkaBroker({ dir });
  const stop = async () => {
    await broker.stop();
    await rm(dir, { recursive: true });
  };
  return { bootstrap: broker.bootstrap, stop };
}

/** A name that no other run has used: another broker keeps what earlier runs left. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
}
