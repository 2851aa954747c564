import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

describe('what a worker runs', () => {
  it('is a function of the given module, by the name of the task', async () => {
    const seen = folder.file('seen.txt');
    const module = folder.file('tasks.mjs');
    await writeFile(
      module,
      `import { appendFileSync } from 'node:fs';
       export async function render(payload, context) {
         appendFileSync(${JSON.stringify(seen)}, context.user + ' ' + payload.page + ' ' + context.attempt + '\\n');
       }`,
    );
    const line = JSON.stringify({ user: 'M', task: 'render', payload: { page: 3 } });
    await new FairqHere(['publish', '--from', '-', '--run', 'module'], env, line).ended;
    expect(await fairqJson(env, 'worker', '--handler', module, '--exit-when', 'empty')).toMatchObject({
      completed: 1,
    });
    expect(await readFile(seen, 'utf8')).toBe('M 3 1\n');
  });

  it('is a program that gets the payload on stdin and the facts in its environment', async () => {
    const seen = folder.file('exec.txt');
    await fairqJson(env, 'publish', '--user', 'E', '--payload', 'hello', '--run', 'exec');
    const command = `(cat; echo " $FAIRQ_TASK_USER") > ${seen}`;
    await fairqJson(env, 'worker', '--exec', command, '--exit-when', 'empty');
    expect(await readFile(seen, 'utf8')).toBe('hello E\n');
  });

  it('is kept with its reason when it fails, and the others go on', async () => {
    await fairqJson(
      env,
      'publish',
      '--user',
      'F',
      '--task',
      'fail',
      '--payload',
      'no luck',
      '--count',
      '2',
      '--run',
      'fail',
    );
    await fairqJson(env, 'publish', '--user', 'F', '--task', 'unheard-of', '--run', 'fail');
    await fairqJson(env, 'publish', '--user', 'G', '--count', '2', '--run', 'fail');
    const ended = await fairq(env, '--json', 'worker', '--exit-when', 'empty', '--max-attempts', '1');
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ completed: 2, failed: 3 });
    expect(ended.stderr).toContain('no luck');
    expect(await fairqJson(env, 'report', '--run', 'fail')).toMatchObject({
      completed: 5,
      failed: 3,
      missing: 0,
    });
    const kept = [];
    for (let i = 0; i < 3; i++) {
      const message = await vhost.channel.get('fairq.dead', { noAck: true });
      if (message) kept.push(message.properties.headers?.['x-fairq-reason']);
    }
    expect(kept).toEqual([
      'no luck',
      'no luck',
      expect.stringContaining('no handler for tasks named "unheard-of"'),
    ]);
  });

  it('that became a dead letter is told by exit code 3 of a worker that ends by itself, and not of a service', async () => {
    const fail = () => fairqJson(env, 'publish', '--user', 'E', '--task', 'fail', '--run', 'exit');
    for (const flags of [
      ['--exit-when', 'empty'],
      ['--exit-when', 'idle', '--idle-for', '100ms'],
      ['--count', '1'],
    ]) {
      await fail();
      const { code, stdout } = await fairq(env, '--json', 'worker', '--max-attempts', '1', ...flags);
      expect(code, flags.join(' ')).toBe(3);
      expect(JSON.parse(stdout), flags.join(' ')).toMatchObject({ completed: 0, failed: 1 });
    }
    for (const flags of [[], ['--exit-when', 'idle', '--idle-for', '1h']]) {
      await fail();
      const service = new FairqHere(['--json', 'worker', '--max-attempts', '1', ...flags], env);
      await service.says(/it is a dead letter/);
      service.signal('SIGTERM');
      const { code, stdout } = await service.ended;
      expect(code, flags.join(' ')).toBe(0);
      expect(JSON.parse(stdout), flags.join(' ')).toMatchObject({ failed: 1 });
    }
    // Who did not fail for good is no dead letter.
    await fairqJson(env, 'publish', '--user', 'E', '--run', 'exit');
    expect(await fairq(env, 'worker', '--exit-when', 'empty')).toMatchObject({ code: 0 });
  });

  it('may come from a queue that fairq did not make', async () => {
    const queue = 'usersequence_42';
    await vhost.channel.assertQueue(queue, { durable: true });
    vhost.channel.sendToQueue(queue, Buffer.from('not ours'), { type: 'noop' });
    await eventually(async () => (await vhost.ready(queue)) === 1, {
      timeoutMs: 60_000,
      what: 'the message',
    });
    const worked = await fairqJson(env, 'worker', '--queues', 'usersequence_*', '--exit-when', 'empty');
    expect(worked).toMatchObject({ completed: 1, users: 1 });
    expect(await vhost.ready(queue)).toBe(0);
  });
});
