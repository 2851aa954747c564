import { beforeAll, describe, expect, it } from 'vitest';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { type Permissions, useLimitedUsers } from '../support/limited-user.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const users = useLimitedUsers(vhost);

const NOTHING = '^$';
const USERS: Readonly<Record<string, Permissions>> = {
  'a monitoring user': { configure: NOTHING, write: NOTHING, read: NOTHING, tags: 'monitoring' },
  'a reader': { configure: NOTHING, write: NOTHING, read: '.*' },
  'a writer': { configure: NOTHING, write: '.*', read: NOTHING },
  'a user without amq.default': { configure: '.*', write: '^(?!amq\\.default$).*', read: '.*' },
};
const made = new Map<string, Record<string, string>>();

beforeAll(async () => {
  await fairqJson(vhost.env, 'publish', '--user', 'A', '--count', '3', '--run', 'done');
  await new FairqHere(['publish', '--from', '-'], vhost.env, '{"id":"ended","user":"A","task":"echo"}').ended;
  await fairqJson(vhost.env, 'worker', '--exit-when', 'empty');
  for (const [who, permissions] of Object.entries(USERS)) made.set(who, await users.make(permissions));
});

const REPORT = ['report', '--run', 'done'];
const TASK = ['task', 'ended'];
const PUBLISH = ['publish', '--user', 'A'];
const TO_NEW_USER = ['publish', '--user', 'new'];
const WORKER = ['worker', '--exit-when', 'empty'];
const LIST = ['queues', 'list'];

describe('a command of a user that may not do everything', () => {
  it.each([
    ['a monitoring user', REPORT, 77, 'may not read the queue "fairq.events"'],
    ['a monitoring user', TASK, 77, 'may not read the queue "fairq.events"'],
    ['a monitoring user', PUBLISH, 77, 'may not write to the exchange'],
    // It may do nothing, and meets several refusals at a time.
    ['a monitoring user', WORKER, 77, ' may not '],
    ['a monitoring user', LIST, 0, ''],
    ['a reader', REPORT, 0, ''],
    ['a reader', TASK, 0, ''],
    ['a reader', PUBLISH, 77, 'may not write to the exchange'],
    ['a reader', WORKER, 77, 'may not configure the queue "amq.gen-'],
    ['a reader', LIST, 0, ''],
    ['a writer', REPORT, 77, 'may not read the queue "fairq.events"'],
    ['a writer', TASK, 77, 'may not read the queue "fairq.events"'],
    ['a writer', PUBLISH, 0, ''],
    ['a writer', TO_NEW_USER, 77, 'may not configure the queue "fairq.user.new"'],
    ['a user without amq.default', REPORT, 0, ''],
    ['a user without amq.default', TASK, 0, ''],
    ['a user without amq.default', PUBLISH, 77, 'may not write to the exchange "amq.default"'],
    ['a user without amq.default', LIST, 0, ''],
  ])('%s: %j ends with %i %s', async (who, args, code, says) => {
    const ended = await fairq(made.get(who) ?? {}, ...args);
    expect(ended).toMatchObject({ code });
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).not.toContain('defect');
  });

  it('ends with 77 where a worker cannot write down what it has done', async () => {
    await fairqJson(vhost.env, 'publish', '--user', 'B', '--count', '2');
    const ended = await fairq(made.get('a user without amq.default') ?? {}, ...WORKER);
    expect(ended).toMatchObject({ code: 77 });
    expect(ended.stderr).toContain('may not write to the exchange "amq.default"');
  });
});
