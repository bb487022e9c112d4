/**
 * One Jest for the whole workspace, on the sources: packages see each other through the `tds-source` condition,
 * so nothing has to be built. Run it through `pnpm test`, which switches on Node's modules in Jest.
 *
 * @type {import('jest').Config}
 */
export default {
  testMatch: ['**/src/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['tds-source', 'node', 'node-addons'] },
  globalSetup: './packages/dev-env/src/jest/global-setup.ts',
  globalTeardown: './packages/dev-env/src/jest/global-teardown.ts',
  reporters: ['default', './packages/dev-env/src/jest/closing-line.ts'],
  // Tests that measure nothing share two cores with their Postgres.
  maxWorkers: 2,
  testTimeout: 30_000,
}
