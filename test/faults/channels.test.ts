import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { fairqJson } from '../support/fairq.js';
import { times } from '../support/times.js';
import { useFaultBroker } from './support/fault-broker.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker('consumer_timeout = 10000');
const newLoad = useLoads(broker);
const LOST = /a channel was lost|ended the consumer/;
/** Of a user at each worker; a channel has no more users than one here. */
const HELD = 200;

/**
 * Has the broker refuse something on the channels of a vhost, and close them for it: it takes them to have
 * acknowledged what they were never sent. Resolves with how many.
 */
async function closeChannels(vhost: string, which: string): Promise<number> {
  const unheardOf = "{method, {'basic.ack', 1 bsl 60, false}, none, noflow}";
  // A channel may end while it is asked: it is none of those, then.
  const facts =
    '(fun(C) -> try rabbit_channel:info(C, [vhost, consumer_count, confirm]) catch _:_ -> [] end end)(C)';
  return Number(
    await broker.evaluate(
      `length([C ! {'$gen_cast', ${unheardOf}} || C <- rabbit_channel:list(),
        [{vhost, <<"${vhost}">>}, {consumer_count, Consumers}, {confirm, Confirm}] <- [${facts}], ${which}]).`,
    ),
  );
}

describe('channels that the broker closes', () => {
  const kinds: readonly (readonly [string, string])[] = [
    ['with consumers', 'Consumers > 0'],
    ['with confirms', 'Confirm'],
    ['of every kind', 'true orelse is_integer(Consumers) orelse Confirm'],
  ];
  it.each(kinds)('%s come back, and lose nothing', async (kind, which) => {
    const load = await newLoad(`channels ${kind} closed`);
    const publisher = await load.underWay();
    await load.strike();
    expect(await closeChannels(load.vhost, which)).toBeGreaterThan(0);
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    await load.endsWell({ publisher });
    // One lost channel does not take the connection down.
    for (const { stderr: said } of [publisher, ...load.workers]) expect(said).not.toContain('trying again');
  });
});

describe('consumer_timeout', () => {
  it('strikes while tasks are slow and many are held: they run, and those that still run are not lost', async () => {
    const load = await newLoad('consumer_timeout at 10 s', {
      taskMs: 5,
      workerFlags: ['--prefetch', String(HELD)],
      // From then on it is for quorum queues only.
      queueType: Number.parseFloat(broker.version) >= 4.3 ? 'quorum' : undefined,
    });
    // The broker looks for deliveries that are too old once in so long: a minute, as it comes.
    await broker.evaluate('application:set_env(rabbit, channel_tick_interval, 1000).');
    // More slow tasks than there are slots: for a while nothing else runs, and what is held grows old.
    const slow = ['publish', '--users', '20', '--count', '2', '--task', 'slow', '--run', 'slow'];
    await fairqJson(load.env, ...slow, ...load.queueFlags);
    await load.publish();
    await load.startWorkers();
    await load.until(async () => load.workers.every(({ stderr }) => times(stderr, LOST) > 0));
    await load.recovered();
    await load.untilNothingIsLeft();
    const losses = load.workers.reduce((sum, { stderr }) => sum + times(stderr, LOST), 0);
    await load.endsWell({ mayRunAgain: losses * HELD });
    const report = await fairqJson<RunReport>(load.env, 'report', '--run', 'slow');
    expect(report).toMatchObject({ published: 40, completed: 40, missing: 0 });
  });
});
