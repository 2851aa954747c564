import { describe, expect, it } from 'vitest';
import { simulate } from '../../../../src/core/simulation/simulate.js';
import { loadOfTasks } from '../../../../src/core/simulation/simulated-load.js';
import {
  renderSimulation,
  simulationProgressLine,
} from '../../../../src/render/simulation/simulation-text.js';
import { renderWaitChart } from '../../../../src/render/simulation/wait-chart.js';
import { SIMULATED_DEFAULTS, strategiesOf, tasksOf } from '../../../support/simulated.js';

const plain = { columns: 80, color: false, unicode: true };
const waits = (p50: number, p95: number, max: number) => ({ p50, p95, p99: max, max });

describe('a simulation as text', () => {
  const load = loadOfTasks([...tasksOf('A', 3_000, 5), ...tasksOf('B\u001b[2J', 20, 5)]);
  const strategies = strategiesOf('fifo,user,hash:64,shared:64,ideal');
  const simulated = simulate(load, { ...SIMULATED_DEFAULTS, strategies });

  it('has all strategies side by side within 80 columns, and who is behind whom', () => {
    const text = renderSimulation(simulated, plain);
    expect(text).toContain('3,020 tasks of 2 users (1 heavy with 99.3 % of the tasks), all at once.');
    expect(text).toMatch(/^ +fifo +user +hash:64 +shared:64 +ideal$/m);
    expect(text).toMatch(/^wait of light users, max +1\.5 s +15 ms /m);
    expect(text).toMatch(/^most behind one, tasks +3,000 +1 +1 +\d+ +-$/m);
    expect(text).toMatch(/^fifo: B\S* waited for 3,000 tasks of A$/m);
    expect(text).toContain("How long light users' tasks waited");
    expect(text).toContain('3,020 tasks in the order of completion');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('lets no name speak to the terminal', () => {
    expect(renderSimulation(simulated, plain)).not.toContain('\u001b');
    expect(renderSimulation(simulated, { ...plain, unicode: false })).toMatch(/^[\u0020-\u007e\n]*$/);
  });
});

describe('the chart of waits', () => {
  it('draws from the median to the longest on a scale of powers of ten', () => {
    const chart = renderWaitChart(
      'Waits',
      [
        { label: 'fifo', waitMs: waits(100, 1_000, 10_000) },
        { label: 'user', waitMs: waits(0, 0, 0) },
        { label: 'none', waitMs: null },
      ],
      { ...plain, columns: 59 },
    );
    expect(chart.split('\n')).toEqual([
      'Waits',
      `fifo  ${' '.repeat(20)}├─────────┼─────────┤ 10.0 s`,
      'user  ┤ 0 ms',
      'none  -',
      '      1.0 ms    10 ms     100 ms    1.0 s     10.0 s',
      '├ half of the tasks waited no longer  ┼ 95 in 100  ┤ all',
    ]);
  });

  it('is left out where nobody waited', () => {
    expect(renderWaitChart('Waits', [{ label: 'user', waitMs: waits(0, 0, 1) }], plain)).toBe('');
  });
});

it('the progress says which strategy it is at, and how far', () => {
  const progress = { strategy: 'user', number: 2, strategies: 5, ended: 3_100_000, total: 10_000_000 };
  expect(simulationProgressLine(progress)).toBe('user (2 of 5): 3,100,000 of 10,000,000 tasks');
  expect(simulationProgressLine(undefined)).toBe('simulating');
});
