/** What brings commits to the warehouse, in USD a month; and what is not priced, because the warehouse has its own bill. */
import type { Flow } from './flow.ts';
import { functionCost } from './function-cost.ts';
import { ASSUMED } from './measured.ts';
import { MONTH_HOURS, perMonth } from './month.ts';
import { PRICES } from './prices.ts';
import { type EventShape, isLoadedOnAws, type PlatformShape } from './shape.ts';

/** Redshift Serverless and Snowflake are paid for a minute at least whenever something wakes them. */
const AWAKE_SECONDS_MIN = 60;
/** Rows counted, rows merged, ledger merged; each is paid as 10 MB read at least. */
const ATHENA_QUERIES_OF_LOAD = 3;

/** The queue's requests, the loader's runs, and the GETs by which loader and warehouse read the lake. */
export function loadCost(shape: EventShape, { commits, loadRuns, filesPerCommit }: Flow): number {
  const { loaderMemoryMb, loadTries, target } = shape;
  if (!isLoadedOnAws(shape)) {
    // A message is received until it has failed so often, and is not deleted then.
    const tries = loadTries * loadRuns;
    return (
      perMonth(commits + tries + ASSUMED.idlePollsPerSecond) * PRICES.sqsRequest +
      functionCost(loaderMemoryMb, tries, 0, tries * ASSUMED.failedLoadSeconds)
    );
  }
  const messages = commits + 2 * loadRuns + ASSUMED.idlePollsPerSecond;
  const lists = target === 'snowflake' ? 0 : loadRuns;
  return (
    perMonth(messages) * PRICES.sqsRequest +
    perMonth(commits * (1 + filesPerCommit)) * PRICES.s3Get +
    perMonth(lists) * PRICES.s3Put +
    functionCost(loaderMemoryMb, loadRuns, 0, loadRuns * ASSUMED.loadSeconds)
  );
}

/** One line: what the warehouse is paid for besides. */
export function unpricedWarehouse(shape: EventShape, { redshiftRpu }: PlatformShape, { loadRuns }: Flow): string {
  const looks = shape.runs.filter(({ kind }) => kind === 'sweep' || kind === 'audit');
  const looksPerSecond = looks.reduce((sum, { everySeconds }) => sum + 1 / everySeconds, 0);
  const awake = MONTH_HOURS * (1 - Math.exp(-AWAKE_SECONDS_MIN * (loadRuns + looksPerSecond)));
  const hours = Math.round(awake).toLocaleString('en-US');
  const by = 'by its loads, sweeps and audits; all events share it';
  switch (shape.target) {
    case 'duckdb':
      return (
        'No warehouse on AWS: the target "duckdb", the default, is a file of the laptop\'s. The event fills its lake ' +
        `there and nothing else; "load" is what ${shape.loadTries} tries of each load cost that all fail.`
      );
    case 'redshift':
      return `Not included: Redshift Serverless, awake ${hours} hours a month at ${redshiftRpu} RPU ${by}.`;
    case 'snowflake':
      return `Not included: Snowflake's credits, the warehouse is awake ${hours} hours a month ${by}.`;
    case 'athena': {
      const queries = perMonth(ATHENA_QUERIES_OF_LOAD * loadRuns + looksPerSecond);
      const count = Math.round(queries).toLocaleString('en-US');
      return `Not included: Athena, ${count} queries a month, each paid for 10 MB at least, and the Iceberg table's S3.`;
    }
  }
}
