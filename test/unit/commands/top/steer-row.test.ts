import { expect, it } from 'vitest';
import type { OnBroker } from '../../../../src/broker/on-broker.js';
import type { Context } from '../../../../src/commands/shared/context.js';
import { steerRow } from '../../../../src/commands/top/steer-row.js';
import { namesFor } from '../../../../src/core/queues/names.js';
import { systemClock } from '../../../../src/process/system-clock.js';

it.each([
  { verb: 'pause', what: 'the pause of A' },
  { verb: 'resume', what: 'the end of the pause of A' },
] as const)(
  'says that $what was cut off where the connection is lost in the middle of it',
  async ({ verb, what }) => {
    const lost = () => Promise.reject(new Error('Channel ended'));
    const broker = { connection: { channel: lost }, management: {} } as unknown as OnBroker;
    const context = { io: { env: {} }, clock: systemClock } as unknown as Context;
    expect(await steerRow({ verb, of: 'user', name: 'A' }, context, broker, namesFor('fairq'))).toBe(
      `${what} was cut off (Channel ended): ask again where it is not so yet`,
    );
  },
);
