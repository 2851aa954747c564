import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // No test asserts a time: on a busy machine a property of thousands of cases takes its time.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'broker',
          include: ['test/integration/**/*.test.ts', 'test/cli/**/*.test.ts'],
          globalSetup: ['test/support/broker.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          // One broker and two processors: side by side the files would only wait for each other.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          // Each file has a broker of its own, which it may kill. They wait for most of their time.
          maxWorkers: 2,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'storm',
          include: ['test/storm/**/*.test.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
