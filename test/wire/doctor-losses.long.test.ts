import { describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { assertTopology } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { Finding } from '../../src/core/reports/finding.js';
import { systemClock } from '../../src/process/system-clock.js';
import { examine } from '../../src/run/doctor/doctor.js';
import { eventually } from '../support/eventually.js';
import { askManagement } from '../support/management-api.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const names = namesFor('fairq');
const api = { uri: vhost.address.managementUris[0] ?? '' };

const examined = (prefix = 'fairq') =>
  examine({
    connect: () => openConnection(vhost.address, 'fairq doctor'),
    management: vhost.management,
    names: namesFor(prefix),
    where: 'the broker',
    vhost: vhost.address.vhost,
    connectTo: (other) => openConnection({ ...vhost.address, vhost: other }, 'fairq doctor'),
    newId: () => 'doctor-test',
    clock: systemClock,
  });

async function finding(check: string, prefix?: string): Promise<Finding | undefined> {
  return (await examined(prefix)).find((found) => found.check === check);
}

const QUEUES = '^fairq\\.(user|dead)';
const quorum = { 'x-queue-type': 'quorum' };

describe('doctor', () => {
  it.each([
    ['max-length', { 'max-length': 5 }, 'max-length 5 of the policy "loss" drops the oldest tasks'],
    ['message-ttl', { 'message-ttl': 1_000_000 }, 'message-ttl 1,000,000 of the policy "loss" drops tasks'],
    ['expires', { expires: 3_000_000 }, 'expires 3,000,000 of the policy "loss" deletes a queue'],
  ])('names the policy whose %s loses tasks', async (_, definition, text) => {
    await assertTopology(connected.current, names, 'classic');
    await vhost.channel.assertQueue('fairq.user.A', { durable: true });
    for (const kind of ['policies', 'operator-policies']) {
      const path = `/${kind}/${vhost.address.vhost}/loss`;
      await askManagement(api, 'PUT', path, { pattern: QUEUES, 'apply-to': 'queues', definition });
      const said = kind === 'policies' ? text : text.replace('the policy', 'the operator policy');
      const found = await eventually(
        async () => {
          const limits = await finding('limits');
          // The broker tells one queue after the other.
          const both = 'in 2 queues: "fairq.dead", "fairq.user.A"';
          return limits?.text.includes(said) && limits.text.includes(both) ? limits : undefined;
        },
        { timeoutMs: 60_000, what: said },
      );
      expect(found.level).toBe('problem');
      expect(found.mend).toContain("'^(?!fairq\\.).*'");
      await askManagement(api, 'DELETE', path);
      await eventually(async () => (await finding('limits'))?.level === 'ok', {
        timeoutMs: 60_000,
        what: 'the policy has gone',
      });
    }
  });

  it('lets a limit pass that refuses, and does not say that no consumer_timeout is in the way', async () => {
    const path = `/policies/${vhost.address.vhost}/backlog`;
    const definition = { 'max-length': 5, overflow: 'reject-publish' };
    await askManagement(api, 'PUT', path, { pattern: '^fairq.user', 'apply-to': 'queues', definition });
    await eventually(
      async () => (await vhost.management.queueDefinition('fairq.user.A'))?.policy.overflow !== undefined,
      { timeoutMs: 60_000, what: 'the policy is in force' },
    );
    expect(await finding('limits')).toMatchObject({
      level: 'ok',
      text: expect.stringContaining('consumer_timeout in rabbitmq.conf cannot be seen'),
    });
    await askManagement(api, 'DELETE', path);
  });

  it('names queues of users that are streams, or quorum queues with a delivery limit', async () => {
    await vhost.channel.assertQueue('fairq.user.S', {
      durable: true,
      arguments: { 'x-queue-type': 'stream' },
    });
    await vhost.channel.assertQueue('fairq.user.Q', {
      durable: true,
      arguments: { ...quorum, 'x-delivery-limit': 7 },
    });
    const found = await finding('limits');
    expect(found).toMatchObject({ level: 'problem' });
    expect(found?.text).toContain(
      'the type stream keeps tasks from every worker, in 1 queue: "fairq.user.S"',
    );
    expect(found?.text).toContain('delivery-limit 7 of its arguments drops a task');
    await vhost.channel.deleteQueue('fairq.user.S');
    await vhost.channel.deleteQueue('fairq.user.Q');
  });

  it('reckons with a policy that beats the -1 of a queue', async () => {
    const isOld = (await vhost.management.version()).startsWith('3.');
    const path = `/policies/${vhost.address.vhost}/deliveries`;
    const policy = { pattern: '^fairq.user.R$', 'apply-to': 'queues', definition: { 'delivery-limit': 3 } };
    await askManagement(api, 'PUT', path, policy);
    const unlimited = isOld ? {} : { 'x-delivery-limit': -1 };
    await vhost.channel.assertQueue('fairq.user.R', {
      durable: true,
      arguments: { ...quorum, ...unlimited },
    });
    await eventually(
      async () => (await finding('limits'))?.text.includes('delivery-limit 3 of the policy "deliveries"'),
      { timeoutMs: 60_000, what: 'the policy is named' },
    );
    await askManagement(api, 'DELETE', path);
    await vhost.channel.deleteQueue('fairq.user.R');
  });

  it('names exchanges of another type, and bindings that fairq did not make', async () => {
    await vhost.channel.assertExchange('odd', 'topic');
    await vhost.channel.assertExchange('odd.control', 'direct');
    const found = await finding('exchanges', 'odd');
    expect(found).toMatchObject({ level: 'problem' });
    expect(found?.text).toContain('"odd" is a topic exchange, and fairq needs a direct one');
    expect(found?.text).toContain('"odd.control" is a direct exchange, and fairq needs a fanout one');
    expect(await finding('permissions', 'odd')).toMatchObject({ level: 'ok' });
    await vhost.channel.assertQueue('audit', { durable: true });
    await vhost.channel.bindQueue('audit', 'fairq', 'A');
    expect(await finding('foreign')).toMatchObject({
      level: 'warning',
      text: expect.stringContaining('"audit"'),
    });
  });
});
