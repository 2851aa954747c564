import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasCelery, useCelery } from '../support/celery.js';
import { FairqHere, fairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const celery = useCelery(folder);

/** JavaScript would make 1234567890123456800, null, 1 and 0.1 of its numbers. */
const WRITTEN = '{"id": 1234567890123456789, "e": 1e400, "f": 1.0, "g":[0.10]}';

/** `publish --from --wait` of one line, while a worker that runs a program ends with the queue. */
async function answered(line: string, id: string): Promise<string[]> {
  const file = folder.file(`${id}.ndjson`);
  writeFileSync(file, line);
  const publisher = new FairqHere(['publish', '--from', file, '--wait'], env);
  const worker = new FairqHere(['worker', '--exec', 'cat'], env);
  const waited = await publisher.ended;
  worker.signal('SIGTERM');
  await worker.ended;
  const asked = await fairq(env, '--json', 'task', id);
  const shown = await fairq(env, 'task', id);
  return [waited.stdout, asked.stdout, shown.stdout];
}

describe('a number', () => {
  it('is, from a line of a file to the result that is shown, what was written', async () => {
    const outputs = await answered(`{"id":"n-1","user":"N","payload": ${WRITTEN} }`, 'n-1');
    for (const output of outputs) expect(output).toContain(WRITTEN);
    expect(JSON.parse(outputs[0] ?? '')).toMatchObject({ kind: 'result', state: 'done' });
    expect(JSON.parse(outputs[1] ?? '')).toMatchObject({ kind: 'task', state: 'done' });
  });

  it('is that in what the built-in echo returns', async () => {
    await fairq(env, 'publish', '--user', 'N', '--task', 'echo', '--payload', WRITTEN, '--run', 'echo');
    const publisher = new FairqHere(
      ['publish', '--user', 'N', '--task', 'echo', '--payload', WRITTEN, '--wait'],
      env,
    );
    const worker = new FairqHere(['worker'], env);
    expect((await publisher.ended).stdout).toContain(WRITTEN);
    worker.signal('SIGTERM');
    await worker.ended;
  });
});

describe.runIf(hasCelery)("a number of Celery's", () => {
  it('reaches a program, and the client, as it was written', async () => {
    celery.broker = env.FAIRQ_URI ?? '';
    const options = ['--celery', '--queue-prefix', 'num_'];
    const worker = new FairqHere(['worker', ...options, '--exec', 'cat'], env);
    await worker.says(/: ready, /);
    const answer = await celery.run<unknown>(`
app.control.add_consumer('num_A', reply=True)
print(json.dumps(repr(double.apply_async((1234567890123456789,), dict(by=1.0), queue='num_A').get(timeout=50))))`);
    expect(answer).toBe("{'args': [1234567890123456789], 'kwargs': {'by': 1.0}}");
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it("is what Celery's worker answers, for who waits", async () => {
    celery.broker = env.FAIRQ_URI ?? '';
    const worker = await celery.worker('num_B');
    const args = ['--celery', 'tasks.double', '--args', '[1234567890123456789]', '--kwargs', '{"by":1}'];
    const { stdout } = await fairq(
      env,
      'publish',
      '--user',
      'B',
      ...args,
      '--queue-prefix',
      'num_',
      '--wait',
    );
    expect(stdout).toContain('"result":1234567890123456789');
    await worker.stop();
  });
});
