import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useFolder } from '../support/folder.js';
import { mostStartsWithin } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { setPolicy } from '../support/policy.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
let prefix: string;
let tests = 0;
let workers: NotingWorkers;

beforeEach(() => {
  prefix = `rates${tests++}`;
  workers = new NotingWorkers({ ...vhost.env, FAIRQ_PREFIX: prefix }, folder.file(prefix));
});
afterEach(() => workers.end());

const rate = (starts: number, burst = starts, perMs = 1_000) => ({ rate: { starts, perMs, burst } });

describe('a rate', () => {
  it('holds over three workers in any window, while others go on', async () => {
    await setPolicy(vhost, prefix, { A: rate(20) });
    await workers.startAll(3, 4);
    await Promise.all([workers.publish('A', 100, 1), workers.publish('B', 600, 1)]);
    await workers.untilDone(600, 'B');
    expect(workers.starts('A')).toBeLessThan(100);
    await workers.untilDone(100, 'A');
    expect(mostStartsWithin(workers.log, 1_000, 'A')).toBe(20);
    await workers.stop();
  });

  it('has no more starts at once than its burst', async () => {
    await setPolicy(vhost, prefix, { A: rate(20, 2) });
    await workers.startAll(2, 4);
    await workers.publish('A', 60, 1);
    await workers.untilDone(60, 'A');
    expect(mostStartsWithin(workers.log, 100, 'A')).toBe(2);
    expect(mostStartsWithin(workers.log, 1_000, 'A')).toBeLessThanOrEqual(20);
    await workers.stop();
  });

  it('holds beside a cap, which binds as well', async () => {
    await setPolicy(vhost, prefix, { A: { ...rate(20), cap: { tasks: 2 } } });
    await workers.startAll(3, 4);
    await workers.publish('A', 60, 60);
    await workers.untilDone(60, 'A');
    expect(mostStartsWithin(workers.log, 1_000, 'A')).toBeLessThanOrEqual(20);
    expect(workers.most('A')).toBe(2);
    await workers.stop();
  });

  it('is changed and taken away while it binds', async () => {
    await setPolicy(vhost, prefix, { A: rate(5) });
    await workers.startAll(2, 4);
    await workers.publish('A', 200, 1);
    await workers.untilStarts(12);
    expect(mostStartsWithin(workers.log, 1_000)).toBe(5);
    await setPolicy(vhost, prefix, { A: rate(25) });
    await workers.until(() => mostStartsWithin(workers.log, 1_000) > 20, 'more start in a second');
    expect(mostStartsWithin(workers.log, 1_000)).toBeLessThanOrEqual(25 + 5);
    await setPolicy(vhost, prefix, {});
    await workers.untilDone(200);
    await workers.stop();
  });
});
