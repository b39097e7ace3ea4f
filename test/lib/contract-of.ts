/** Contracts for tests of stacks, which do not look into a payload. */
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';

/** @param more what the test is about. @default one version, three partitions, a freshness of 15 seconds, in DuckDB */
export const contractOf = (event: string, more: Partial<CompiledContract> = {}): CompiledContract => ({
  format: 2,
  event,
  description: 'A customer placed an order.',
  owner: 'checkout',
  compatibility: 'BACKWARD',
  keyField: null,
  eventTimeField: null,
  topic: { name: event, partitions: 3, retentionHours: 168 },
  freshnessSeconds: 15,
  lake: { partitionBy: [], openPartitionsMax: 50 },
  warehouse: { target: 'duckdb', table: event },
  versions: [versionOf(1)],
  ...more,
});

/** A version that differs from the others in its definition alone. */
export const versionOf = (
  version: number,
  definition = `message OrderCreated { string order_id = 1; } // v${version}`,
): CompiledContract['versions'][number] => ({
  format: 'protobuf',
  version,
  definition,
  message: { name: 'OrderCreated', fields: [] },
});
