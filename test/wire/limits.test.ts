import { afterAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/core/reports/finding.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { askManagement } from '../support/management-api.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const users = useLimitedUsers(vhost);
const [uri = ''] = vhost.address.managementUris;
const api = { uri };
const ALL = { configure: '.*', write: '.*', read: '.*', tags: 'administrator' };

describe('a limit on the channels of a user', () => {
  it('ends a worker with 77 and the words of the broker, and the doctor has found it before', async () => {
    const env = await users.make(ALL);
    const { username } = new URL(env.FAIRQ_URI ?? '');
    await askManagement(api, 'PUT', `/user-limits/${username}/max-channels`, { value: 10 });
    const worker = await fairq(env, 'worker', '--exit-when', 'empty');
    expect(worker, worker.stderr).toMatchObject({ code: 77 });
    expect(worker.stderr).toMatch(
      /the broker has ended the connection: .*maximum allowed user limit of \(?10\)?/,
    );
    // The broker counts a user's channels some time after it has opened them.
    const finding = await eventually(
      async () => {
        const doctor = await fairq(env, 'doctor', '--json');
        const { findings } = JSON.parse(doctor.stdout) as { findings: Finding[] };
        return findings.find(({ check, level }) => check === 'channel_max' && level === 'problem');
      },
      { timeoutMs: 60_000, what: 'the doctor to run into the limit' },
    );
    expect(finding.text).toContain('maximum allowed user limit of');
  });
});

describe('a limit on the connections of a vhost', () => {
  const place = `/vhost-limits/${encodeURIComponent(vhost.address.vhost)}/max-connections`;
  afterAll(() => askManagement(api, 'DELETE', place));

  it('is named as what may be the reason', async () => {
    await fairqJson(vhost.env, 'publish', '--user', 'A');
    await askManagement(api, 'PUT', place, { value: 1 }); // this test is connected
    const { code, stderr } = await fairq(vhost.env, 'report');
    expect(code).toBe(77);
    expect(stderr).toContain('has as many connections as it may have');
  });
});
