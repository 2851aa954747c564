import { describe, expect, it } from 'vitest';
import { FairqHere, fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

async function stopped(worker: FairqHere): Promise<void> {
  worker.signal('SIGTERM');
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(0);
}

describe('a worker that is told to stop ends well', () => {
  it('also where it has only begun to ask for permits', async () => {
    await fairqJson(env, 'policy', 'set', 'A', '--cap', '2');
    await fairqJson(env, 'publish', '--user', 'A', '--count', '3', '--task', 'noop');
    for (let times = 0; times < 20; times++) {
      const worker = new FairqHere(['worker', '--name', `w${times}`], env);
      await worker.says(/: ready, /);
      await stopped(worker);
    }
  });

  it('also where its users are being paused, or let go on', async () => {
    const load = ['--users', '20', '--count', '50', '--task', 'sleep', '--duration', '20ms'];
    await fairqJson(env, 'publish', ...load);
    for (let times = 0; times < 10; times++) {
      const worker = new FairqHere(['worker', '--name', `p${times}`], env);
      await worker.says(/: ready, /);
      const verb = times % 2 === 0 ? 'pause' : 'resume';
      const change = fairqJson(env, verb, 'user-*');
      await stopped(worker);
      await change;
    }
  });
});
