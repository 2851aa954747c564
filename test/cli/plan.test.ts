import { describe, expect, it } from 'vitest';
import type { Figure } from '../../src/core/plan/figure.js';
import { fairq } from '../support/fairq.js';
import { MILLION, planned } from '../support/planned.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('plan', () => {
  it('holds three designs against each other without a broker', async () => {
    const { code, stdout, stderr } = await fairq(
      { ...env, FAIRQ_URI: 'amqp://127.0.0.1:1' },
      'plan',
      ...MILLION,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/none ever pruned +1,000,000 r +64 r +114 r/);
    expect(stdout).toMatch(/^Choose /m);
  });

  it('says of each figure whether it was measured or reckoned, and by which formula', async () => {
    const { kind, load, designs, sources, formulas, recommendation } = await planned(env, ...MILLION);
    expect(kind).toBe('plan');
    expect(load).toMatchObject({ users: 1_000_000, active: 10_000, heavy: 50, slots: 10, taskMs: 100 });
    expect(designs.map(({ units }) => units)).toEqual(['user', 'hash:64', 'shared:64']);
    expect(recommendation).toMatchObject({ design: 'each', decidedBy: 'memory-enough' });
    const known = new Set(sources.map(({ id }) => id));
    const named = new Set<string>();
    for (const [name, figure] of designs.flatMap(({ figures }) => Object.entries<Figure>({ ...figures }))) {
      const { origin, formula, sources: of } = figure;
      expect(['measured-before', 'reckoned'], name).toContain(origin);
      expect(formula === null, name).toBe(origin !== 'reckoned');
      expect(
        of.filter((id) => !known.has(id)),
        name,
      ).toEqual([]);
      if (formula !== null) named.add(formula);
    }
    expect(Object.keys(formulas).sort()).toEqual([...named].sort());
  });

  it.each([
    [
      'more heavy users than there are active ones',
      /--heavy: 11000 are more than the 10000 of --active/,
      '--heavy',
      '11k',
    ],
    [
      'more active users than there are',
      /--active: 2000000 are more than the 1000000 of --users/,
      '--active',
      '2M',
    ],
    ['no users', /--users: "0" is not from 1 to/, '--users', '0'],
    ['no tasks', /--tasks: "0\/s" is not a number of tasks/, '--tasks', '0/s'],
    ['tasks a week', /--tasks: "5M\/week" is not a number of tasks/, '--tasks', '5M/week'],
    ['tasks in no time', /--tasks: "5" is not a number of tasks in a time/, '--tasks', '5'],
    ['half a user', /--users: "1\.5" is not a whole number/, '--users', '1.5'],
    ['no slots', /--slots: "0" is not from 1 to/, '--slots', '0'],
    ['tasks of no time', /--task-ms: "0" is not a number of milliseconds/, '--task-ms', '0'],
    ['no shared queue', /--shared: "0" is not a whole number from 1 to/, '--shared', '0'],
    ['no memory', /--memory: "4k" is not a size of memory/, '--memory', '4k'],
    ['queues to measure without measuring', /--queues goes with --measure alone/, '--queues', '10'],
    ['a version that nobody has measured', /--rabbitmq <version>.*invalid/, '--rabbitmq', '2.0'],
  ])('refuses %s', async (_, message, ...flags) => {
    const { code, stdout, stderr } = await fairq(env, 'plan', ...MILLION, ...flags);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });

  it('wants to know of users and tasks', async () => {
    const { code, stderr } = await fairq(env, 'plan', '--users', '5');
    expect(code).toBe(64);
    expect(stderr).toContain('--tasks');
    const measured = await fairq(env, 'plan', ...MILLION, '--measure', '--rabbitmq', '4.3');
    expect(measured.code).toBe(64);
    expect(measured.stderr).toContain('--rabbitmq does not go with --measure');
  });
});
