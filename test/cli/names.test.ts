import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { type Ended, FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { unsafeIn } from '../support/hostile-names.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

const USERS = [
  ...['../../etc/passwd', '..', '.', '/', '%2F', '%', '%zz', '"', "'", '`id`', '$(id)', '\\', 'a b', ' '],
  ...['用户💥', '\u{10ffff}', 'e\u0301', 'é', '__proto__', 'constructor', '*', '?', '[a]', 'null', '0', '-1'],
  // What a terminal obeys, hides or turns around.
  ...['\u001b[2J', '\u001b]0;x\u0007', 'new\nline', 'car\rriage', 'tab\t', '\0', '\u007f', '\u009b31m', '\b'],
  ...['\u202eevil', '\u2066', '\u200b', '\u2028', '\ufeff', '\u00ad'],
];

interface QueuesDocument {
  queues: { user: string }[];
}

async function publish(run: string, task: string, ...flags: string[]): Promise<Ended> {
  const lines = USERS.map((user) => JSON.stringify({ user, task }));
  return new FairqHere([...flags, 'publish', '--from', '-', '--run', run], env, lines.join('\n')).ended;
}

describe('a user of any name', () => {
  it('comes back unchanged from each command', async () => {
    expect((await publish('names', 'noop', '--json')).code).toBe(0);
    const listed = await fairqJson<QueuesDocument>(env, 'queues', 'list');
    expect(listed.queues.map(({ user }) => user).sort()).toEqual([...USERS].sort());
    const worked = await fairqJson(env, 'worker', '--exit-when', 'empty');
    expect(worked).toMatchObject({ completed: USERS.length, users: USERS.length, failed: 0 });
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'names');
    expect(report.users.map(({ user, tasks }) => [user, tasks]).sort()).toEqual(
      USERS.map((user) => [user, 1]).sort(),
    );
  });

  it('does nothing to a terminal, whatever is said about it', async () => {
    const said = [await publish('shown', 'unheard-of', '--verbose')];
    const weights = ['\u202e*=2', '\u202eevil=3', '\u001b[2J*=2'].flatMap((weight) => ['--weight', weight]);
    for (const args of [
      ['queues', 'list'],
      ['queues', 'list', '\u202e*'],
      ['worker', '--exit-when', 'empty', '--name', 'w\u001b[2J', ...weights],
      ['report', '--run', 'shown'],
      ['report', '--list'],
      ['report', '--run', 'no\u001b[2J\u202e'],
      ['publish', '--user', `\u009b${'x'.repeat(300)}`],
      ['publish', '--user', 'A', '--count', '\u009b1'],
      ['--config', '/no\u009bwhere', 'report'],
      ['queues', 'lis\u009bt'],
      ['--\u009bnothing'],
    ]) {
      said.push(await fairq(env, '--verbose', ...args));
    }
    for (const { stdout, stderr, code } of said) {
      expect(unsafeIn(stdout), JSON.stringify(stdout)).toBeUndefined();
      expect(unsafeIn(stderr), JSON.stringify(stderr)).toBeUndefined();
      // 3: no worker has a handler for what was sent.
      expect([0, 3, 64]).toContain(code);
    }
  });

  it('cannot be half a character', async () => {
    const run = new FairqHere(['publish', '--from', '-'], env, '{"user":"\\ud800"}');
    const { code, stderr } = await run.ended;
    expect(code).toBe(64);
    expect(unsafeIn(stderr)).toBeUndefined();
  });
});
