/**
 * `npm run test:kafka [-- paths of tests]`: runs the suites that can run on any broker on Apache Kafka. The tests find
 * it in HEADRACE_TEST_KAFKA (host:port), and by TLS and SASL in HEADRACE_TEST_KAFKA_SASL_SSL with the client properties
 * in the file HEADRACE_TEST_KAFKA_CONFIG.
 */

import { spawnSync } from 'node:child_process';
import { missingForApacheKafka, startApacheKafka } from './apache-kafka.ts';

/** As patterns of Jest: every suite of conformance, the reader's, and the whole pipeline. */
const suites = [
  'test/local/kafka/[a-z-]*conformance',
  'test/pipeline/adapters/kafka-topic-reader.test',
  'test/end-to-end',
];
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

async function main(paths: readonly string[]): Promise<number> {
  const missing = missingForApacheKafka();
  if (missing !== undefined) {
    console.error(`Cannot run Apache Kafka: ${missing}`);
    return 2;
  }
  const kafka = await startApacheKafka();
  try {
    console.log(`Apache Kafka ${kafka.version} at ${kafka.bootstrap}, started in ${Math.round(kafka.startMs)} ms`);
    // One after the other: the tests of several files would only wait for the same two cores.
    const { status } = spawnSync(process.execPath, [...jest, '--runInBand', ...paths], {
      stdio: 'inherit',
      env: {
        ...process.env,
        HEADRACE_TEST_KAFKA: kafka.bootstrap,
        HEADRACE_TEST_KAFKA_SASL_SSL: kafka.secure.bootstrap,
        HEADRACE_TEST_KAFKA_CONFIG: kafka.secure.clientConfig,
      },
    });
    return status ?? 1;
  } finally {
    await kafka.stop();
  }
}

const paths = process.argv.slice(2);
process.exitCode = await main(paths.length > 0 ? paths : suites);
