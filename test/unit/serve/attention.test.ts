import { describe, expect, it } from 'vitest';
import { attentionTo, byAttention } from '../../../src/serve/overview/attention.js';
import type { UserFigures } from '../../../src/serve/overview/user-figures.js';

const WELL: UserFigures = {
  user: 'A',
  tenant: null,
  weight: 1,
  backlog: 10,
  shares: false,
  atWorkers: null,
  running: 1,
  cap: null,
  capWhenBusy: false,
  rate: null,
  paused: null,
  unacknowledged: 1,
  perSecond: 5,
  share: 0.5,
  fairShare: 0.5,
  oldestWaitSeconds: 2,
  lastWaitSeconds: 2,
  failedLately: 0,
  unserved: false,
};
const LIGHT = { shares: true, backlog: null, unacknowledged: null, atWorkers: 3, fairShare: null };
const pause = { by: 'x', until: null, reason: null };

describe('what needs attention of a user', () => {
  it.each([
    ['nothing where it fares as it should', {}, []],
    ['a queue that no worker serves', { unserved: true }, ['unserved']],
    ['a long wait', { oldestWaitSeconds: 60 }, ['waits-long']],
    ['tasks that failed', { failedLately: 1 }, ['failing']],
    ['a share far over what is fair', { share: 0.8 }, ['over-share']],
    ['a share far under it, while tasks wait', { share: 0.2 }, ['under-share']],
    ['no share where nothing waits', { share: 0.2, backlog: 0 }, []],
    ['no difference that comes by chance', { share: 0.58 }, []],
    ['a pause, which explains a small share', { share: 0, paused: pause }, ['paused']],
    ['a cap that is used up', { cap: 1 }, ['at-cap']],
    ['a cap that is not', { cap: 2 }, ['capped']],
    ['nothing of a user that shares queues and is served', { ...LIGHT, share: 0.9 }, []],
    [
      'the wait of a task that is known to wait at workers',
      { ...LIGHT, oldestWaitSeconds: 90 },
      ['waits-long'],
    ],
    ['nothing of what is not known', { share: null, fairShare: null, backlog: null, running: null }, []],
  ])('is %s', (_, changes, expected) => {
    expect(attentionTo({ ...WELL, ...changes })).toEqual(expected);
  });

  it('puts whoever waits for longest first, and whoever is paused not before the others', () => {
    const users = [
      { ...WELL, user: 'over', share: 0.9 },
      { ...WELL, user: 'paused', oldestWaitSeconds: 900, paused: pause },
      { ...WELL, user: 'long', oldestWaitSeconds: 100 },
      { ...WELL, user: 'longest', oldestWaitSeconds: 200 },
      { ...WELL, user: 'unserved', unserved: true },
    ];
    expect(users.sort(byAttention).map(({ user }) => user)).toEqual([
      'longest',
      'long',
      'unserved',
      'over',
      'paused',
    ]);
  });
});
