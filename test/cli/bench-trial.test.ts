import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/process/system-clock.js';
import { Trial, type TrialDeps } from '../../src/run/bench/trial.js';
import { useVhost } from '../support/vhost.js';

const { address } = useVhost();

const deps: TrialDeps = {
  address,
  clock: systemClock,
  newId: randomUUID,
  self: {
    node: process.execPath,
    script: fileURLToPath(new URL('../../bin/fairq.js', import.meta.url)),
    env: process.env,
  },
  onStep: () => {},
  interrupted: new Promise(() => {}),
};

/** So long a worker of a trial used to wait for more before it ended by itself. */
const ONCE_PATIENT_FOR_MS = 1_000;

test('publishers that come late find all workers still there', async () => {
  const options = { strategy: 'fair', workers: 2, concurrency: 2, weightOf: undefined } as const;
  const { report, workerReports } = await Trial.play(deps, options, async (trial) => {
    trial.startWorkers();
    await trial.workersReady();
    await trial.pass(2 * ONCE_PATIENT_FOR_MS);
    await trial.publish({ user: 'A', count: 40, duration: { least: 20, most: 20 } });
    await trial.workersEnd();
  });
  expect(report).toMatchObject({ completed: 40, missing: 0, duplicates: 0 });
  expect(workerReports.map(({ completed }) => completed > 0)).toEqual([true, true]);
});
