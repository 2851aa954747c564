import { describe, expect, it } from 'vitest';
import type { PlanLoad } from '../../../../src/core/plan/load.js';
import { planFor } from '../../../../src/core/plan/plan.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { renderPlan } from '../../../../src/render/plan/plan-text.js';
import { roughNumber, roughText, spanText } from '../../../../src/render/plan/rough.js';

const MILLION: PlanLoad = {
  users: 1_000_000,
  active: 10_000,
  heavy: 50,
  tasksPerSecond: 5_000_000 / 86_400,
  burst: 30_000,
  taskMs: 100,
  slots: 10,
  shared: 64,
  queueType: 'classic',
  memory: 1024 ** 3,
};

function drawn(load: Partial<PlanLoad> = {}, columns = 80, unicode = true): string {
  return renderPlan(planFor({ ...MILLION, ...load }), { columns, color: false, unicode });
}

/** What it ends with, in one line. */
function advice(load: Partial<PlanLoad>): string {
  return drawn(load).split('\n\n').at(-1)!.replaceAll('\n', ' ');
}

describe('a plan as text', () => {
  it('holds three designs against each other, each figure with the mark of where it comes from', () => {
    const text = drawn();
    expect(text).toMatch(/^1,000,000 users, 10,000 of them active, 50 heavy\.\n/);
    expect(text).toMatch(/ {2}none ever pruned +1,000,000 r +64 r +114 r\n/);
    expect(text).toMatch(/ {2}none ever pruned +20–37 GiB r +1\.3–2\.4 MiB r +2\.3–4\.3 MiB r\n/);
    expect(text).toMatch(/ {2}to users without +719–964\/s b +11–15 k\/s r +11–15 k\/s r\n/);
    expect(text).toMatch(/ {2}light users behind it +0 % r +1\.6 % r +1\.6 % r\n/);
    expect(text).toMatch(
      /^b {2}measured before:\n {3}fairq bench cost, RabbitMQ 3\.10 and 4\.3, 2026-11-24, /m,
    );
    expect(text).toMatch(/^r {2}reckoned /m);
    expect(text).not.toMatch(/^h {2}/m);
  });

  it.each([
    [80, true],
    [80, false],
    [120, true],
  ])('fits a terminal of %i columns (unicode: %s)', (columns, unicode) => {
    for (const load of [
      {},
      { queueType: 'quorum' },
      { active: 100_000 },
      { tasksPerSecond: 1_000 },
    ] as const) {
      const lines = drawn(load, columns, unicode).split('\n');
      expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
      expect(lines.join('\n')).not.toContain('too narrow');
      if (!unicode) expect(lines.join('\n')).toMatch(/^[\u0020-\u007e\n]*$/);
    }
  });

  it('says what is unknown', () => {
    expect(drawn({ queueType: 'quorum' })).toMatch(/ {2}to users with a queue +unknown +unknown +unknown\n/);
    expect(drawn({ active: 20_000 })).toMatch(/no-op tasks worked off +≤ 6\.2 k\/s r /);
  });

  it('has one line where pruning changes nothing, and none of waits where nobody is heavy', () => {
    const text = drawn({ active: 1_000_000, heavy: 0 });
    expect(text).not.toContain('ever pruned');
    expect(text).not.toContain('heavy user sends');
    expect(text).not.toMatch(/A burst is|Promotion comes/);
    expect(drawn({ heavy: 1 })).not.toContain('send as many');
  });

  it.each<[Partial<PlanLoad>, string]>([
    [{ users: 1, active: 1, heavy: 1 }, '1 user, who is heavy.'],
    [{ users: 9, active: 1, heavy: 1 }, '9 users, 1 of them active, and that one is heavy.'],
    [{ users: 9, active: 9, heavy: 0 }, '9 users, all of them light: nobody sends bursts.'],
    [{ users: 9, active: 9, heavy: 9 }, '9 users, all of them heavy.'],
    [{ users: 9, active: 5, heavy: 5 }, '9 users, 5 of them active, all of these heavy.'],
  ])('says of %j whose tasks these are', (load, expected) => {
    expect(drawn(load).split('\n')[0]).toBe(expected);
  });

  it('says nothing of how long light users wait where there are none', () => {
    const text = drawn({ active: 50 });
    expect(text).not.toMatch(/light users/i);
    expect(text).toContain('A burst is');
  });

  it('warns where the slots are too few', () => {
    expect(drawn({ tasksPerSecond: 105 })).toContain('The slots are too few: at least 11 are needed.');
    expect(drawn()).not.toContain('too few');
  });

  it.each<[Partial<PlanLoad>, RegExp]>([
    [
      {},
      /^Choose a queue for each user: 10,000 queues take 381–752 MiB .* Prune .* 1,000,000 would take 37–73 GiB\.$/,
    ],
    [
      { users: 5_000, active: 5_000 },
      /^Choose a queue for each user: 5,000 queues take \S+ MiB .* anybody\.$/,
    ],
    [
      { memory: 2 ** 29 },
      /^Choose shared queues .* \(shared:64\): .* takes 381–752 MiB .* more than 512 MiB/,
    ],
    [{ active: 20_000, memory: 2 ** 31 }, /nobody has measured 20,000 queues, only up to 10,000/],
    [
      { tasksPerSecond: 2_000, slots: 999 },
      /worked off at 3\.4–6\.2 k\/s, less than a peak of 3 times the average \(6 k\/s\), and 114 queues take 4\.3–8\.6 MiB/,
    ],
    [
      { users: 1, active: 1, heavy: 1 },
      /^Choose a queue for each user: 1 queue takes 39–77 KiB with a worker, within 1 GiB/,
    ],
    [
      { tasksPerSecond: 200 },
      /^With 10 slots no design copes: give at least 21\. Then choose a queue for each user: /,
    ],
    [
      { active: 1_000_000, heavy: 500_000 },
      /^Choose hashed groups \(hash:64\): the 500,064 queues of promotion take 19–37 GiB .* But 1\.6 % of the light users wait/,
    ],
    [
      { tasksPerSecond: 1e6 },
      /^None of the three copes\. Even with 64 queues tasks are published at 11–15 k\/s\. A peak of 3 times the average is 3 M\/s\. Split the users over 262 brokers, .* the work of 262 tasks into one\. All brokers together need 100,001 slots\./,
    ],
    [
      { tasksPerSecond: 50_000, taskMs: 0.1, queueType: 'quorum' },
      /^None .* worked off at 27–31 k\/s\. A peak of 3 times the average is 150 k\/s\. Split the users over 6 brokers, .* into one\. A larger/,
    ],
    [
      { memory: 2 ** 20 },
      /^None .* Even 64 queues take 2\.4–4\.8 MiB with a worker, more than 1 MiB\. Share fewer queues with --shared, or allow more/,
    ],
    [
      { active: 1_000_000, shared: 20_000, memory: 2 ** 40 },
      /^None .* The fewest are 20,000 queues, and nobody has measured more than 10,000\. Share fewer queues/,
    ],
    [
      { active: 1_000_000, heavy: 0 },
      /^Choose hashed groups \(hash:64\): .* takes 37–73 GiB .* Nobody is heavy/,
    ],
  ])('ends with what to choose, and the figure that decides (%j)', (load, expected) => {
    expect(advice(load)).toMatch(expected);
  });
});

describe('a rough figure', () => {
  it.each([
    [0.0384, '0.038'],
    [3.94, '3.9'],
    [39.4, '39'],
    [6_242, '6,242'],
    [0, '0'],
  ])('%d is %s', (value, text) => {
    expect(roughNumber(value)).toBe(text);
  });

  it.each([
    [1_536, 'bytes', '1.5 KiB'],
    [1024 ** 4 * 1_200, 'bytes', '1,200 TiB'],
    [90_000, 'ms', '1.5 min'],
    [0.5, 'ms', '0.5 ms'],
    [10_800_000, 'ms', '3 h'],
    [0.016, 'share', '1.6 %'],
    [0.004, 'processors', '<0.01'],
    [57.9, 'perSecond', '58/s'],
    [6_242, 'perSecond', '6.2 k/s'],
    [3e6, 'perSecond', '3 M/s'],
  ] as const)('%d %s are %s', (value, unit, text) => {
    expect(roughText(value, unit)).toBe(text);
  });

  it.each([
    [20, 37, '20–37 min'],
    [0.5, 2, '0.5–2 min'],
    [0.05, 2, '3 s–2 min'],
    [0, 2, '0–2 min'],
    [5, 5, '5 min'],
    [null, 5, '≤ 5 min'],
    [5, null, '≥ 5 min'],
    [null, null, 'unknown'],
  ])('from %s to %s is %s', (least, most, text) => {
    const minutes = (value: number | null) => (value === null ? null : value * 60_000);
    expect(spanText({ least: minutes(least), most: minutes(most), unit: 'ms' }, true)).toBe(text);
  });
});
