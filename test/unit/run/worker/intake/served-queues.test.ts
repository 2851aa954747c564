import { describe, expect, it } from 'vitest';
import { TestIntake } from '../../../../support/test-intake.js';

describe('the queues that a worker serves', () => {
  it('are taken up once, however often they are named', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    expect(await intake.served.find(['A', 'B', 'B'])).toMatchObject([{ name: 'B' }]);
    await intake.take('A');
    expect(intake.served.byName.get('A')).toBe(a);
    expect(intake.consumers.subscribed).toEqual(['A']);
    expect(intake.told).toEqual(['took A']);
  });

  it('are not tried again at once where the broker refuses them, unless somebody speaks of them', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.served.drop(a!, { reason: 'no right to read it' });
    expect(await intake.served.find(['A'])).toEqual([]);
    intake.served.spokenOf('A');
    expect(await intake.served.find(['A'])).toMatchObject([{ name: 'A' }]);
    intake.served.tellRefusals();
    expect(intake.told.at(-1)).toContain('no right to read it');
  });

  it('are served while they are left to others for a while, and not where their consumer is gone', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A', 'B');
    a!.yield();
    await intake.served.stop('A');
    await intake.served.stop('B');
    expect([intake.served.serves('A'), intake.served.serves('B')]).toEqual([true, false]);
    expect(intake.served.serves('C')).toBe(false);
  });

  it('are filled when so much of what waited is here as has a place', async () => {
    const intake = new TestIntake({ concurrency: 4 });
    intake.consumers.depths.set('A', 100);
    const [a] = await intake.take('A');
    intake.deliver(a!, 3);
    let isFilled = false;
    const filled = intake.served.filled().then(() => {
      isFilled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isFilled).toBe(false);
    intake.deliver(a!);
    await filled;
  });

  it('are waited for no longer than nothing comes', async () => {
    const intake = new TestIntake({ concurrency: 4 });
    intake.consumers.depths.set('A', 100);
    await intake.take('A');
    const filled = intake.served.filled();
    intake.now = 1_000;
    await filled;
  });
});
