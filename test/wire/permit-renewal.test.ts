import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { namesFor } from '../../src/core/queues/names.js';
import { GrantOffice } from '../../src/run/worker/policy/grant-office.js';
import { Permits } from '../../src/run/worker/policy/permits.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connection = useConnection(vhost);

function fail(error: Error): never {
  throw error;
}

it('gives a permit back that task after task has used for minutes, before the broker takes it away', async () => {
  const names = namesFor(`p${randomUUID().slice(0, 8)}`);
  let ahead = 0;
  const clock = { now: () => performance.now() + ahead, epochMicros: () => Date.now() * 1_000 };
  const deps = { connection: connection.current, names, clock };
  const office = new GrantOffice(
    deps,
    { id: 'w', name: 'w' },
    { onReady: () => {}, onLeaseOver: () => {}, onWarning: () => {}, onFailure: fail },
    1,
  );
  office.open();
  await eventually(() => office.isReady, { timeoutMs: 30_000, what: 'the office to be ready' });
  const options = { queue: `${names.permitQueuePrefix}A`, count: 1, lostForMs: 1_000 };
  let came = 0;
  const owner = {
    onFree: () => {
      came++;
    },
    onLost: () => {}, // the queue is not there at first, and its channel goes
    onWarning: (text: string) => fail(new Error(text)),
    waitsForAnother: false,
    tasksHere: 1,
  };
  const permits = new Permits(deps, office, options, owner);
  permits.want(1);
  await eventually(() => permits.has, { timeoutMs: 30_000, what: 'the permit to come' });
  permits.start();
  ahead += 5_000;
  permits.ended();
  expect(permits.has).toBe(true);
  const before = came;
  permits.start();
  ahead += 300_000;
  permits.ended();
  expect(permits.has).toBe(false);
  await eventually(() => permits.has, { timeoutMs: 30_000, what: 'the permit to come back' });
  expect(came).toBe(before + 1);
  await permits.close();
  office.close();
});
