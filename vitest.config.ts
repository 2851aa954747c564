import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files side by side. Most tests wait for a broker, or for fairq, for most of their time. */
const SIDE_BY_SIDE = 6;

/** These wait longest, and begin first: at the end of all nobody waits for one of them alone. */
const LONGEST = ['bench', 'crashes', 'full-queues', 'stop', 'private-node', 'alarm-meanwhile', 'bench-cost'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      LONGEST.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Files that share a throw-away broker, on which each has a vhost of its own. */
function onOneBroker(name: string) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ['test/support/broker.ts'],
      setupFiles: ['test/support/no-leaks.ts'],
      // What is built runs as it is, and is not compiled once more for each file.
      server: { deps: { external: [/\/dist\/cli\/main\.js$/] } },
      maxWorkers: SIDE_BY_SIDE,
      // For a busy machine. What a test waits for has its own, shorter limit.
      testTimeout: 600_000,
      hookTimeout: 300_000,
    },
  };
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // No test asserts a time: on a busy machine a property of thousands of cases takes its time.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 300_000,
          maxWorkers: SIDE_BY_SIDE,
        },
      },
      // What depends on the version of RabbitMQ, and what does not.
      onOneBroker('wire'),
      onOneBroker('cli'),
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          // Each file has a broker of its own, which it may kill. They wait for most of their time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'storm',
          include: ['test/storm/**/*.test.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
