import { describe, expect, it } from 'vitest';
import { mostStartsWithin } from '../support/noted-tasks.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'rates');

const rate = (starts: number, burst = starts, perMs = 1_000) => ({ rate: { starts, perMs, burst } });

describe('a rate', () => {
  it('holds over three workers in any window, while others go on', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: rate(20) });
    await workers.startAll(3, 4);
    // A's would take minutes.
    await Promise.all([workers.publish('A', 4_000, 1), workers.publish('B', 600, 1)]);
    await workers.untilDone(600, 'B');
    expect(workers.starts('A')).toBeLessThan(4_000);
    await workers.untilStarts(100, 'A');
    const most = () => mostStartsWithin(workers.log, 1_000, 'A');
    await workers.until(() => most() >= 20, '20 start in a second');
    expect(most()).toBe(20);
    await workers.stop();
  });

  it('has no more starts at once than its burst', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: rate(20, 2) });
    await workers.startAll(2, 4);
    await workers.publish('A', 60, 1);
    await workers.untilDone(60, 'A');
    expect(mostStartsWithin(workers.log, 100, 'A')).toBe(2);
    expect(mostStartsWithin(workers.log, 1_000, 'A')).toBeLessThanOrEqual(20);
    await workers.stop();
  });

  it('holds beside a cap, which binds as well', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: { ...rate(20), cap: { tasks: 2 } } });
    await workers.startAll(3, 4);
    await workers.publish('A', 60, 60);
    await workers.untilDone(60, 'A');
    expect(mostStartsWithin(workers.log, 1_000, 'A')).toBeLessThanOrEqual(20);
    expect(workers.most('A')).toBe(2);
    await workers.stop();
  });

  it('is changed and taken away while it binds', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: rate(5) });
    await workers.startAll(2, 4);
    await workers.publish('A', 200, 1);
    await workers.untilStarts(12);
    await workers.until(() => mostStartsWithin(workers.log, 1_000) >= 5, 'five start in a second');
    expect(mostStartsWithin(workers.log, 1_000)).toBe(5);
    await setPolicy({ A: rate(25) });
    await workers.until(() => mostStartsWithin(workers.log, 1_000) > 20, 'more start in a second');
    expect(mostStartsWithin(workers.log, 1_000)).toBeLessThanOrEqual(25 + 5);
    await setPolicy({});
    await workers.untilDone(200);
    await workers.stop();
  });
});
