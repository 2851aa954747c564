import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { useFaultBroker } from './support/fault-broker.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
const STREAM = 'fairq.events';
/** Longer than workers take to start. The time is the fault. */
const BRINGING_UP_MS = 5_000;

describe('a user queue that somebody deletes', () => {
  it('takes what waited with it, as the report says; others go on, and the next task makes it again', async () => {
    const load = await newLoad('user queue deleted');
    const unlucky = `user-${1 + load.between(0, 20)}`;
    await load.publish();
    await load.startWorkers();
    await load.untilShare(0.15, 0.3);
    await load.strike();
    await broker.api('DELETE', `/queues/${load.vhost}/fairq.user.${unlucky}`);
    await load.recovered();
    const publishing = ['publish', '--user', unlucky, '--count', '5', '--run', 'afterwards'];
    await fairqJson(load.env, ...publishing);
    const { report } = await load.endsWell({ lossOf: unlucky });
    expect(report.missing).toBeGreaterThan(0);
    expect(report.users.find(({ user }) => user === unlucky)?.missing).toBe(report.missing);
    const afterwards = await fairqJson<RunReport>(load.env, 'report', '--run', 'afterwards');
    expect(afterwards).toMatchObject({ completed: 5, missing: 0 });
  });
});

describe('the event stream', () => {
  it('is made again when somebody deletes it, and no task is lost', async () => {
    const load = await newLoad('event stream deleted');
    const publisher = await load.underWay();
    await load.strike();
    await broker.api('DELETE', `/queues/${load.vhost}/${STREAM}`);
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    const outcome = await load.ends();
    const { report } = outcome;
    expect(outcome.tasks).toBe(load.tasks);
    // Two workers that make a stream at once may cost one of them its connection: RabbitMQ 3.10 answers 541.
    load.holdRepeats(outcome);
    for (const worker of load.workers) expect(worker.stderr).not.toContain('error:');
    expect(report.published).toBe(load.tasks);
    expect(report.completed).toBeGreaterThan(0);
    expect(report.completed).toBeLessThanOrEqual(load.tasks);
    // What it does not know of is not missing for that: it says from when on it knows anything.
    expect(report.historyCutAt).not.toBeNull();
    expect(report.historyCutAt).toBeGreaterThan(0);
  });

  it('is waited for while a node that starts has not brought it up', async () => {
    const load = await newLoad('event stream not up yet');
    await load.publish();
    // In this table of Mnesia's a starting node puts each queue that it has brought up.
    const key = `rabbit_misc:r(<<"${load.vhost}">>, queue, <<"${STREAM}">>)`;
    const record = `hd(mnesia:dirty_read(rabbit_durable_queue, ${key}))`;
    await broker.evaluate(`mnesia:dirty_delete(rabbit_queue, ${key}).`);
    const ready = load.startWorkers();
    const since = performance.now();
    await eventually(() => performance.now() - since > BRINGING_UP_MS, {
      timeoutMs: 2 * BRINGING_UP_MS,
      what: 'the time that it takes',
    });
    await broker.evaluate(`mnesia:dirty_write(rabbit_queue, ${record}).`);
    await ready;
    await load.recovered();
    await load.endsWell();
  });

  it('is made by the worker where it is not there at all, and every task runs', async () => {
    const load = await newLoad('no event stream at the start');
    await load.publish();
    await broker.api('DELETE', `/queues/${load.vhost}/${STREAM}`);
    await load.startWorkers();
    await load.recovered();
    const { report, tasks, repeats } = await load.ends();
    expect({ tasks, repeats }).toEqual({ tasks: load.tasks, repeats: [] });
    // What the publisher had said went with the old stream.
    expect(report).toMatchObject({ published: null, missing: null, completed: load.tasks, duplicates: 0 });
  });
});
