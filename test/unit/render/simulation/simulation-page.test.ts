import { describe, expect, it } from 'vitest';
import { simulate } from '../../../../src/core/simulation/simulate.js';
import { loadOfTasks } from '../../../../src/core/simulation/simulated-load.js';
import { renderSimulationPage } from '../../../../src/render/simulation/simulation-page.js';
import { SIMULATED_DEFAULTS, strategiesOf, tasksOf } from '../../../support/simulated.js';

const HOSTILE = '</script><script>alert(1)</script>';

function drawn(tasks: Parameters<typeof loadOfTasks>[0], text = 'fifo,user,ideal'): string {
  const strategies = strategiesOf(text);
  const simulated = simulate(loadOfTasks(tasks), { ...SIMULATED_DEFAULTS, strategies });
  return renderSimulationPage({
    title: 'Simulation: seed',
    simulated,
    played: [['seed', '17']],
    about: [['command', 'fairq simulate seed']],
    document: { kind: 'simulate', results: simulated.results },
  });
}

const textOf = (page: string) => page.replaceAll(/<[^>]*>/g, '\n').replaceAll(/\n+/g, '\n');

describe('a simulation as a page', () => {
  const page = drawn([...tasksOf('A', 3_000, 5), ...tasksOf('B', 20, 5, 100)]);
  const text = textOf(page);

  it('says what is in the text: figures of each strategy, and who is behind whom', () => {
    expect(page).toContain('data-figure="wait of light users, max" data-label="fifo">1.4 s<');
    expect(page).toContain('data-figure="wait of heavy users, p95" data-label="user">1.4 s<');
    expect(page).toMatch(/<th scope="row">fifo<\/th><td>B<\/td><td>A<\/td><td data-behind="fifo">2,800</);
    expect(page).toMatch(/<th scope="row">ideal<\/th><td>nobody</);
  });

  it('draws waits of light and heavy users and of each, lag over time, and lanes', () => {
    for (const name of ['light users', 'heavy users', 'A', 'B'])
      expect(page).toContain(`<title>${name}, user: p50 `);
    expect(page).toContain('aria-label="largest lag of any user, in tasks, over time"');
    expect(page).toMatch(/<text class="mark"[^>]*>20 \(B\)</);
    expect(text).toContain('3,020 tasks in the order of completion');
  });

  it('says what was played and how: the seed, the workers and the command', () => {
    expect(page).toContain('<dt>seed</dt><dd>17</dd>');
    expect(page).toContain('<dt>workers</dt><dd>1</dd>');
    expect(page).toContain('<dt>slots of each</dt><dd>10</dd>');
    expect(page).toContain('<dt>command</dt><dd><code>fairq simulate seed</code></dd>');
  });

  it('executes nothing, whatever users are called, and asks for nothing', () => {
    const hostile = drawn([...tasksOf(HOSTILE, 40, 5), ...tasksOf('B', 1, 5)]);
    expect(hostile.match(/<script/g)).toEqual(['<script']);
    expect(hostile).toContain('<script type="application/json"');
    expect(hostile).toContain("default-src 'none'");
    expect(hostile).not.toContain('alert(1)</script>');
    expect(hostile).not.toMatch(/(?:src|href)="(?!data:)/);
  });

  it('is one of the ideal alone, and of a task that nobody waited for', () => {
    expect(drawn(tasksOf('A', 1, 0), 'ideal')).not.toMatch(/NaN|Infinity|undefined|over time/);
    expect(drawn(tasksOf('A', 1, 0), 'user')).not.toMatch(/NaN|Infinity|undefined/);
  });
});
