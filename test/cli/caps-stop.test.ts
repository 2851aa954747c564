import { expect, it } from 'vitest';
import { FairqHere, fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

it('a worker that is told to stop as soon as it is ready ends well, also where it has only begun to ask for permits', async () => {
  await fairqJson(env, 'policy', 'set', 'A', '--cap', '2');
  await fairqJson(env, 'publish', '--user', 'A', '--count', '3', '--task', 'noop');
  for (let times = 0; times < 20; times++) {
    const worker = new FairqHere(['worker', '--name', `w${times}`], env);
    await worker.says(/: ready, /);
    worker.signal('SIGTERM');
    const { code, stderr } = await worker.ended;
    expect(code, stderr).toBe(0);
  }
});
