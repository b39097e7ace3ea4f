import process from 'node:process';

/** Runs on the Apache Kafka of `npm run test:kafka` alone. */
const secureKafka = process.env.HEADRACE_TEST_KAFKA_SASL_SSL ? [] : ['<rootDir>/test/end-to-end/secure-kafka'];
/** Run by `npm run test:warehouses` alone. */
const warehouses = process.env.HEADRACE_TEST_PYTHON ? [] : ['<rootDir>/test/pipeline/warehouses'];

/** Tests run the TypeScript sources as they are: Node's own type stripping is the only transform. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [...secureKafka, ...warehouses],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.headrace'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.cjs' },
  testTimeout: 30_000,
};
