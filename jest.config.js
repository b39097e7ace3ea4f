/** Tests run the TypeScript sources as they are: Node's own type stripping is the only transform. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.headrace'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.cjs' },
  testTimeout: 30_000,
};
