import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

interface Doctor {
  problems: number;
  warnings: number;
  findings: { check: string; level: string; text: string; mend?: string }[];
}

async function doctor(more: Record<string, string> = {}) {
  const { code, stdout, stderr } = await fairq({ ...env, ...more }, '--json', 'doctor');
  const found = JSON.parse(stdout || '{"findings":[]}') as Doctor;
  const levelOf = (check: string) => found.findings.find((finding) => finding.check === check)?.level;
  return { code, stderr, levelOf, ...found };
}

describe('doctor', () => {
  it('finds nothing wrong with a broker that is well', async () => {
    const { code, findings } = await doctor();
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    const { stdout } = await fairq(env, 'doctor');
    expect(stdout).toMatch(/ok +AMQP +answers at/);
    expect(stdout).toContain('0 problems');
  });

  it('finds what is wrong with the queues, and says what to do', async () => {
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'fail');
    await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
    await fairqJson(env, 'publish', '--user', 'A', '--count', '5');
    await vhost.channel.unbindQueue('fairq.user.A', 'fairq', 'A');
    await eventually(
      async () => {
        const { levelOf } = await doctor();
        return ['bindings', 'consumers', 'dead letters'].every((check) => levelOf(check) === 'warning');
      },
      { timeoutMs: 60_000, what: 'three warnings' },
    );
    const { code, findings } = await doctor();
    expect(code, JSON.stringify(findings.filter(({ level }) => level === 'problem'))).toBe(0); // warnings alone
    for (const { level, mend } of findings) if (level === 'warning') expect(mend).toBeTruthy();
    const { consumerTag } = await vhost.channel.consume('fairq.user.A', () => {});
    await eventually(async () => (await doctor()).levelOf('hoarding') === 'problem', {
      timeoutMs: 60_000,
      what: 'a consumer without prefetch is a problem',
    });
    expect((await doctor()).code).toBe(99);
    await vhost.channel.cancel(consumerTag);
    await vhost.channel.deleteQueue('fairq.user.A');
  });

  it('hears the workers', async () => {
    const worker = new FairqHere(['worker', '--name', 'heard', '-c', '7'], env);
    await worker.says(/ready, /);
    const { findings } = await doctor();
    expect(findings.find(({ check }) => check === 'workers')?.text).toContain('1 worker, 7 slots');
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('goes on where something cannot be reached, and says so', async () => {
    const noApi = await doctor({ FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:9' });
    expect(noApi.code).toBe(99);
    expect(noApi.levelOf('management')).toBe('problem');
    expect(noApi.levelOf('permissions')).toBe('ok');
    const noAmqp = await doctor({ FAIRQ_URI: 'amqp://guest:guest@127.0.0.1:9/' });
    expect(noAmqp.levelOf('AMQP')).toBe('problem');
  });

  it('says what a user may not do', async () => {
    const [uri = ''] = vhost.address.managementUris;
    const user = `limited-${randomUUID()}`;
    const api = { uri };
    await askManagement(api, 'PUT', `/users/${user}`, { password: 'p', tags: 'management' });
    const permissions = { configure: '', write: '.*', read: '.*' };
    await askManagement(api, 'PUT', `/permissions/${vhost.address.vhost}/${user}`, permissions);
    const { code, levelOf, findings } = await doctor({
      FAIRQ_URI: env.FAIRQ_URI!.replace(/guest:guest/, `${user}:p`),
    });
    await askManagement(api, 'DELETE', `/users/${user}`);
    expect(code).toBe(99);
    expect(levelOf('permissions')).toBe('problem');
    expect(findings.find(({ check }) => check === 'permissions')?.mend).toContain('set_permissions');
    expect(levelOf('nodes')).toBe('unknown');
  });
});
