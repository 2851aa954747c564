import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const ROOT = dirname(fileURLToPath(import.meta.url));
const isCoverage = process.argv.some((word) => word.startsWith('--coverage'));

/** Files side by side. Most tests wait for a broker, or for fairq, for most of their time. */
const SIDE_BY_SIDE = 8;

/** These take longest, and begin first, in this order: at the end of all nobody waits for one of them alone. */
const LONGEST = [
  /(bench-million|bench-scenarios)\.long\.test\.ts$/,
  /(alarm|batch-large|bench-cost|crashes|doctor-losses|full-queues|memory|simulate-beside-broker|user)\.long\.test\.ts$/,
  /(celery-monitors|celery-refusals|permits|priority-benches|private-node|stop|users)\.long\.test\.ts$/,
  /(actions-storm|bench|bench-celery|bench-node|bench-units|caps|celery-worker|dead|down-queues|examples)\.long\.test\.ts$/,
  /(not-taken|plan-measure|policy-workers|retry|tenant-policy|workers)\.long\.test\.ts$/,
  /\.long\.test\.ts$/,
  /(actions|explain|library|one-queue|overview)\.test\.ts$/,
  /(backlog|backlog-ends|doctor|doctor-grants|frame|main-job|prune|reconnect|results|units)\.test\.ts$/,
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => name.test(moduleId));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

/** Where coverage is measured, commands run from their sources. The keeper of a node needs what is built. */
const fromSources = {
  name: 'commands-from-sources',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined): string | undefined {
    if (!source.startsWith('.') || importer === undefined) return undefined;
    const path = resolve(dirname(importer), source);
    if (path === join(ROOT, 'dist/cli/main.js')) return join(ROOT, 'src/cli/main.ts');
    const node = join(ROOT, 'src/broker/node/');
    return path.startsWith(node) ? path.replace(node, join(ROOT, 'dist/broker/node/')) : undefined;
  },
};

/** Tests on a broker run what is built, which Node loads faster than sources that are compiled for each process. */
const fromBuilt = {
  name: 'sources-as-built',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined): string | undefined {
    if (!source.startsWith('.') || importer === undefined) return undefined;
    const path = resolve(dirname(importer), source);
    const sources = join(ROOT, 'src/');
    return path.startsWith(sources) ? path.replace(sources, join(ROOT, 'dist/')) : undefined;
  },
};

/** Files that share a throw-away broker, on which each has a vhost of its own. */
function onOneBroker(name: string) {
  return {
    plugins: isCoverage ? [fromSources] : [fromBuilt],
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ['test/support/broker.ts'],
      setupFiles: ['test/support/no-leaks.ts'],
      // What is built runs as it is, and is not compiled once more for each file.
      server: { deps: { external: isCoverage ? [] : [/\/dist\//] } },
      // A process runs one file after the other: each has folders and a vhost of its own, and shares nothing that it changes.
      isolate: false,
      maxWorkers: SIDE_BY_SIDE,
      sequence: { groupOrder: 1 },
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
          // They share nothing that they change, and to load the sources again for each file takes longer than the tests.
          isolate: false,
          testTimeout: 300_000,
          // They compute, and wait for nothing: one for each core. Each more loads all the sources once more.
          maxWorkers: availableParallelism(),
        },
      },
      // What depends on the version of RabbitMQ, and what does not.
      onOneBroker('wire'),
      onOneBroker('cli'),
      // The page in a browser.
      onOneBroker('page'),
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          setupFiles: ['test/support/no-leaks.ts'],
          // Each file has a broker of its own, which it may kill. They wait for most of their time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
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
          sequence: { groupOrder: 3 },
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
