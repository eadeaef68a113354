import { defineConfig } from 'vitest/config';

/** How long `expect.poll` waits for what must come: vitest's own second is too short for a busy machine. */
const PATIENCE = { poll: { timeout: 30_000 } };

/**
 * Five suites, from fast to slow. `unit` needs nothing but Node; `postgres` needs a PostgreSQL of Debian's, `cluster`
 * the Kubernetes binary and runs a real etcd and kube-apiserver; `browser` needs that and a Chromium, and opens the console
 * over one world that all its files share; `end-to-end` needs root and boots the whole node.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{crds,domain,adapters,telemetry,process,operator,services,cli,cluster,tools,bench}/**/*.test.ts',
            'test/{architecture,conformance,fake-providers,helm,prometheus,tracing}/**/*.test.ts',
          ],
          // Ends what hangs; a slow or busy machine must not reach it.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: PATIENCE,
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts'],
          testTimeout: 120_000,
          // The first time, the packages are fetched.
          hookTimeout: 600_000,
          maxWorkers: 2,
          expect: PATIENCE,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          // Builds the Kubernetes binary when it is not cached: minutes, which belong to no test's hook.
          globalSetup: ['test/cluster/kubernetes-binary-setup.ts'],
          testTimeout: 120_000,
          expect: PATIENCE,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          // Fetches what is missing and fills the world: minutes, which belong to no test's hook.
          globalSetup: ['test/browser/browser-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One console and one processor for all: files that act at once would only wait for each other.
          fileParallelism: false,
          expect: PATIENCE,
        },
      },
      {
        test: {
          name: 'end-to-end',
          include: ['test/end-to-end/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
          expect: PATIENCE,
        },
      },
    ],
  },
});
