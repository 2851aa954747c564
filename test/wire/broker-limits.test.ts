import { afterEach, describe, expect, it } from 'vitest';
import { CeleryQueues } from '../../src/broker/celery/celery-queues.js';
import { makeFixedQueues } from '../../src/broker/publishing/fixed-queues.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import { takeLock } from '../../src/broker/queues/lock.js';
import { assertDelayQueues, assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import { fairq } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const names = namesFor('fairq');
const path = `/vhost-limits/${vhost.address.vhost}/max-queues`;
const api = { uri: vhost.address.managementUris[0] ?? '' };
const REACHED = /queue limit in vhost '.*' \(\d+\) is reached/;

/** As many as there are now. */
async function limitQueues(more = 0): Promise<void> {
  const value = (await vhost.management.queueNames()).length + more;
  await askManagement(api, 'PUT', path, { value });
}

afterEach(() => askManagement(api, 'DELETE', path));

async function publishTo(user: string): Promise<void> {
  const sender = await Publisher.open(
    connected.current,
    names,
    { queueKind: CLASSIC, onConfirmed: () => {} },
    () => performance.now(),
  );
  const sentAt = 1_790_000_000_000_000;
  sender.send({
    id: 'limited',
    type: 'noop',
    contentType: 'text/plain',
    payload: Buffer.from('x'),
    envelope: { user, run: 'r', sequence: 1, intendedAt: sentAt, sentAt, attempt: 1 },
  });
  await sender.settled();
}

describe('where the vhost may have no more queues', () => {
  it('whatever makes one ends with what the broker says, and what to do', async () => {
    await assertTopology(connected.current, names, 'classic');
    await limitQueues();
    // A lock of its own comes first, and is refused for the same reason.
    const refused = [
      makeFixedQueues(connected.current, names, CLASSIC, ['reports']),
      assertDelayQueues(connected.current, names, 'classic', [1_000]),
      takeLock(connected.current, 'fairq.some-lock'),
      new CeleryQueues(connected.current).make('cel_A'),
      publishTo('new'),
    ];
    for (const outcome of await Promise.allSettled(refused)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { kind: 'refused', code: 'LIMIT_REACHED', message: expect.stringMatching(REACHED) },
      });
    }
  });

  it('commands end with 77, and doctor does not speak of permissions', async () => {
    await limitQueues();
    for (const command of [
      ['publish', '--queue', 'reports'],
      ['publish', '--user', 'B'],
      ['worker', '--exit-when', 'empty'],
    ]) {
      const { code, stderr } = await fairq(vhost.env, ...command);
      expect(stderr).toMatch(REACHED);
      expect(stderr).toContain('set_vhost_limits');
      expect(code).toBe(77);
    }
    const { code, stdout } = await fairq(vhost.env, '--json', 'doctor');
    expect(code).toBe(99);
    expect(stdout).toMatch(REACHED);
    expect(stdout).toContain('set_vhost_limits');
    expect(stdout).not.toContain('set_permissions');
  });
});
