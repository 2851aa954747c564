import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { withPolicyLock } from '../../src/broker/policy/policy-lock.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { Finding } from '../../src/core/reports/finding.js';
import type { PublishReport } from '../../src/core/reports/publish-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { connect, type Fairq } from '../../src/library/index.js';
import { backlogDocument, setBacklogs } from '../support/backlog.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { askManagement } from '../support/management-api.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const folder = useFolder();
const { env } = vhost;
const opened: Fairq[] = [];

const limit = (backlogs: Parameters<typeof setBacklogs>[2]) =>
  setBacklogs(vhost, connected.current, backlogs);
const ready = async (user: string) => (await vhost.ready(`fairq.user.${user}`)) ?? 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((it) => it.close()));
});

describe('a load in which one user is at its backlog limit', () => {
  it.each(['classic', 'quorum'])(
    'ends at once: the others are sent, and what was not sent is counted (%s)',
    async (type) => {
      const [full, other] = [`A-${type}`, `B-${type}`];
      const until = Date.now() + 3_600_000;
      await limit({ [full]: { value: 20, until, reason: 'it floods' } });
      const file = folder.file(`${type}.ndjson`);
      const lines = Array.from({ length: 4_000 }, (_, i) => ({ user: [full, other][i % 2] }));
      writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
      const args = ['publish', '--from', file, '--run', type, '--queue-type', type];
      const { code, stdout, stderr } = await fairq(env, '--json', ...args);
      expect(code, stderr).toBe(3);
      const report = JSON.parse(stdout) as PublishReport;
      const taken = await ready(full);
      // A quorum queue notices late that it is full.
      expect(taken).toBeGreaterThanOrEqual(20);
      if (type === 'classic') expect(taken).toBe(20);
      expect(await ready(other)).toBe(2_000);
      expect(report).toMatchObject({ published: 4_000, confirmed: 2_000 + taken, sentAgain: 0 });
      expect(report.notTaken).toMatchObject([{ user: full, tasks: 2_000 - taken, code: 'BACKLOG_FULL' }]);
      expect(report.notTaken[0]?.reason).toBe(
        `the backlog limit of user "${full}" is reached: 20 of its tasks may wait (set by ops, until ${new Date(until).toISOString()}: it floods)`,
      );
      expect(await fairqJson<RunReport>(env, 'report', '--run', type)).toMatchObject({
        published: 2_000 + taken,
      });
    },
  );
});

describe('a publisher of the library', () => {
  it('is told at once that a user is at its limit, and sends again when there is room', async () => {
    await limit({ 'acme/*': 3 });
    const { FAIRQ_URI: uri = '', FAIRQ_MANAGEMENT_URI: managementUri = '' } = env;
    const library = await connect({ uri, managementUri });
    opened.push(library);
    const { publisher } = library;
    const sent = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => publisher.send('acme/x', 'noop', i)),
    );
    const refused = sent.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toHaveLength(47);
    for (const error of refused) {
      expect(error).toMatchObject({
        name: 'FairqError',
        code: 'BACKLOG_FULL',
        kind: 'refused',
        message: expect.stringMatching(
          /: the backlog limit of user "acme\/x" is reached: 3 of its tasks may wait by the rule "acme\/\*" \(set by ops\)$/,
        ),
        hint: expect.stringContaining('fairq policy set'),
      });
    }
    expect(await publisher.send('other', 'noop')).toMatchObject({ user: 'other' });
    expect(await ready('acme%2Fx')).toBe(3);
    await fairqJson(env, 'worker', '--count', '1', '--queues', 'fairq.user.acme%2Fx');
    await eventually(() => publisher.send('acme/x', 'noop').catch(() => undefined), {
      timeoutMs: 60_000,
      what: 'the task is taken',
    });
    // Nothing of what was refused came after all.
    expect(await ready('acme%2Fx')).toBe(3);
  });

  it('waits for a queue that refuses for another reason than the limit of its user', async () => {
    await limit({ patient: 1_000 });
    const queue = 'fairq.user.patient';
    await vhost.channel.assertQueue(queue, {
      durable: true,
      arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' },
    });
    await vhost.channel.assertExchange('fairq', 'direct', { durable: true });
    await vhost.channel.bindQueue(queue, 'fairq', 'patient');
    const { FAIRQ_URI: uri = '', FAIRQ_MANAGEMENT_URI: managementUri = '' } = env;
    const library = await connect({ uri, managementUri });
    opened.push(library);
    const sent = Promise.all([1, 2, 3, 4].map((n) => library.publisher.send('patient', 'noop', n)));
    await eventually(async () => (await ready('patient')) === 2, { timeoutMs: 60_000, what: 'it is full' });
    await fairqJson(env, 'worker', '--count', '4', '--queues', queue);
    expect(await sent).toHaveLength(4);
  });
});

describe('a limit that somebody else has set beside a backlog limit', () => {
  const api = async (method: 'PUT' | 'DELETE', path: string, body?: object) => {
    const [uri = ''] = vhost.address.managementUris;
    await askManagement({ uri }, method, `/${path.replace('VHOST', vhost.address.vhost)}`, body);
  };
  /** The broker lists a queue's policies up to 5 s late. */
  const untilDoctor = async (isFound: (text: string) => boolean) => {
    let last: Finding | undefined;
    await eventually(
      async () => {
        const { stdout } = await fairq(env, '--json', 'doctor');
        const { findings } = JSON.parse(stdout) as { findings: Finding[] };
        last = findings.find(({ check }) => check === 'backlog limits');
        return isFound(last?.text ?? '');
      },
      { timeoutMs: 60_000, what: () => `doctor finds it; it found ${JSON.stringify(last)}` },
    );
  };

  it.each([
    ['operator-policies', 'classic', 'the operator policy "theirs"'],
    ['operator-policies', 'quorum', 'the operator policy "theirs"'],
    ['policies', 'classic', 'the policy "theirs"'],
  ] as const)(
    'is said by policy set and by doctor where it is smaller (%s, %s)',
    async (kind, type, whose) => {
      const user = `${kind}-${type}`;
      const queue = `fairq.user.${user}`;
      await vhost.channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
      const body = { pattern: `${user}$`, 'apply-to': 'queues', definition: { 'max-length': 9 } };
      await api('PUT', `${kind}/VHOST/theirs`, body);
      const set = await fairq(env, 'policy', 'set', user, '--backlog', '100');
      expect(set.code, set.stderr).toBe(0);
      const text = `"${queue}" takes 9 tasks and not 100, by ${whose}`;
      expect(set.stderr.replace(/\s+/g, ' ')).toContain(text);
      await untilDoctor((found) => found.includes(text));
      // Ours is the smaller one.
      const smaller = await fairq(env, 'policy', 'set', user, '--backlog', '8');
      expect(smaller.stderr).not.toContain('takes');
      // Other queues of this file have limits of their own.
      await untilDoctor((found) => found !== '' && !found.includes(`"${queue}"`));
      await fairq(env, 'policy', 'unset', user);
      await api('DELETE', `${kind}/VHOST/theirs`);
    },
  );
});

describe('doctor', () => {
  const found = async () => {
    const { stdout } = await fairq(env, '--json', 'doctor');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return findings.find(({ check }) => check === 'backlog limits');
  };

  it('names limits that RabbitMQ still goes by, and other policies that have changed since', async () => {
    await limit({ A: { value: 5, until: Date.now() + 3_600_000 } });
    expect(await found()).toMatchObject({ level: 'ok', text: 'RabbitMQ goes by all of them' });
    const [uri = ''] = vhost.address.managementUris;
    const theirs = `/policies/${vhost.address.vhost}/theirs`;
    const definition = { 'max-length': 9 };
    await askManagement({ uri }, 'PUT', theirs, { pattern: 'A$', 'apply-to': 'queues', definition });
    const changed = await found();
    expect(changed).toMatchObject({
      level: 'warning',
      text: expect.stringContaining('"fairq-backlog-fairq/A/theirs"'),
    });
    expect(changed?.text).toContain('may have changed since: "theirs"');
    await askManagement({ uri }, 'DELETE', theirs);
    // Nobody is there when it ends.
    await limit({ A: { value: 5, until: Date.now() + 3_600_000 } });
    await withPolicyLock(connected.current, namesFor('fairq'), (policy) =>
      policy.append(backlogDocument({ A: { value: 5, until: 1 } }, 1_000)),
    );
    expect(await found()).toMatchObject({
      level: 'warning',
      text: 'RabbitMQ still goes by limits that have ended or were taken back: "fairq-backlog-fairq/A"',
    });
  });
});
