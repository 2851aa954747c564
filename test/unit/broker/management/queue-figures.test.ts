import { describe, expect, it } from 'vitest';
import { listedQueue } from '../../../../src/broker/management/queue-figures.js';

/** As RabbitMQ 3.10 lists a quorum queue of three nodes. */
const QUORUM = {
  name: 'fairq.user.A',
  type: 'quorum',
  leader: 'one@host',
  members: ['one@host', 'two@host', 'three@host'],
  online: ['one@host', 'two@host'],
  messages_ready: 3,
};

describe('a queue that is listed', () => {
  it.each([
    ['has its tasks on most of its nodes', {}, false],
    ['has lost most of its nodes', { online: ['one@host'] }, true],
    ['has lost half of its nodes', { members: ['one@host', 'two@host'], online: ['one@host'] }, true],
    ['has no leader', { leader: null }, true],
    ['has no member, as one that was half made', { leader: null, members: [], online: [] }, true],
    ['is a classic queue whose node is away', { type: 'classic', state: 'down' }, true],
    [
      'is no quorum queue',
      { type: 'classic', leader: undefined, members: undefined, online: undefined },
      false,
    ],
  ])('%s', (_, over, down) => {
    expect(listedQueue({ ...QUORUM, ...over }).down).toBe(down);
  });
});
