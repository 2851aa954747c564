import { describe, expect, it } from 'vitest';
import { fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { unsafeIn } from '../support/hostile-names.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
const ODD = 'odd \u009b31m\u202e\u{1f9d1}';

interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

async function sendFailing(): Promise<string> {
  const args = ['--task', 'fail', '--payload', 'no luck'];
  return (await fairqJson<{ id: string }>(env, 'publish', '--user', ODD, ...args)).id;
}

describe('what a worker says', () => {
  it('has its time in each line', async () => {
    await sendFailing();
    const { code, stderr } = await fairq(env, 'worker', '--max-attempts', '1', '--exit-when', 'empty');
    expect(code).toBe(3);
    const lines = stderr.trim().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(TIME);
    expect(stderr).toMatch(/Z warning: task \S+ of user .* failed, it is a dead letter: "no luck"\n/);
  });

  it('is an object a line with --log-json, with names as they are and nothing that a terminal would obey', async () => {
    const task = await sendFailing();
    const flags = ['--log-json', '--name', 'w1', '--max-attempts', '1', '--exit-when', 'empty'];
    const { code, stderr } = await fairq(env, 'worker', ...flags);
    expect(code).toBe(3);
    const lines = jsonLines<Line>(stderr);
    for (const { time, message } of lines) {
      expect(`${time} `).toMatch(TIME);
      expect(message.length).toBeGreaterThan(0);
    }
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', worker: 'w1', slots: 10 }));
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warning', task, user: ODD, reason: 'no luck', retryInMs: null }),
    );
    expect(unsafeIn(stderr)).toBeUndefined();
  });

  it('is an object, too, where it ends with an error', async () => {
    const { code, stderr } = await fairq(env, 'worker', '--log-json', '--handler', '/nowhere.mjs');
    expect(code).toBe(64);
    const [line] = jsonLines<Line>(stderr);
    expect(line).toMatchObject({ level: 'error', code: 'HANDLER_NOT_LOADED' });
    expect(line!.message).toMatch(/the handler file .*nowhere\.mjs does not load/);
    expect(line!.hint).toBeTypeOf('string');
  });
});
