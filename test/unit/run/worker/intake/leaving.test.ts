import { describe, expect, it } from 'vitest';
import { TestIntake } from '../../../../support/test-intake.js';

describe('a queue that a pruner wants', () => {
  it('is left, has no consumer any more, and is not taken up again for ten seconds', async () => {
    const intake = new TestIntake();
    await intake.take('A', 'B');
    expect(await intake.leaving.leave(['A'])).toEqual({ left: ['A'], kept: [] });
    expect([...intake.consumers.prefetch.keys()]).toEqual(['B']);
    expect(intake.told.at(-1)).toBe('dropped A');
    expect(intake.leaving.withoutLeft(['A', 'B'])).toEqual(['B']);
    intake.now = 10_001;
    expect(intake.leaving.withoutLeft(['A', 'B'])).toEqual(['A', 'B']);
  });

  it('may be taken up as soon as somebody announces it', async () => {
    const intake = new TestIntake();
    await intake.take('A');
    await intake.leaving.leave(['A']);
    intake.leaving.announced('A');
    expect(intake.leaving.withoutLeft(['A'])).toEqual(['A']);
    await intake.take('A');
    expect(intake.served.serves('A')).toBe(true);
  });

  it('is kept while a task of it is here, and goes on being consumed', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!);
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: ['A'] });
    expect(intake.consumers.subscribed).toEqual(['A']);
    intake.start(1);
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: ['A'] });
    a!.settled(0);
    expect(await intake.leaving.leave(['A'])).toEqual({ left: ['A'], kept: [] });
  });

  it('is kept where a delivery is on its way, and consumed again with its prefetch', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.consumers.onEnding = () => intake.deliver(a!);
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: ['A'] });
    expect(intake.consumers.prefetch.get('A')).toBe(a!.prefetch);
    expect(a!.outstanding).toBe(1);
    expect(intake.leaving.withoutLeft(['A'])).toEqual(['A']);
    expect(intake.told).not.toContain('dropped A');
  });

  it('is kept, and not consumed again, where the worker stops meanwhile', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.consumers.onEnding = () => {
      intake.consumers.onEnding = () => {};
      intake.deliver(a!);
      void intake.served.close();
    };
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: ['A'] });
    expect(intake.consumers.prefetch.size).toBe(0);
  });

  it('is kept while the broker is being told of another prefetch', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    a!.resize(50);
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: ['A'] });
    a!.resized();
    expect(await intake.leaving.leave(['A'])).toEqual({ left: ['A'], kept: [] });
  });

  it('is not spoken of where it has no consumer here', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    expect(await intake.leaving.leave(['B'])).toEqual({ left: [], kept: [] });
    a!.yield();
    await intake.served.stop('A');
    expect(await intake.leaving.leave(['A'])).toEqual({ left: [], kept: [] });
  });
});
