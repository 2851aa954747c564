import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';

const scene = usePageScene();
/** For so many minutes it looks on, and prints the memory: `FAIRQ_PAGE_MINUTES=10`. For a moment where it is not set. */
const MINUTES = Number(process.env.FAIRQ_PAGE_MINUTES ?? 0);
const USER = 'user-1';
const VIEWS = ['#/', '#/users', `#/users/${USER}`, '#/workers', '#/dead', '#/runs', '#/changes'];
const ROUNDS = 8;
/** The browser has up to 14 nodes more or less each time. So the least of some rounds is compared with the least of others. */
const COMPARED = 3;

let load: RunningFairq[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  const { env } = scene.vhost;
  const count = String(60 + MINUTES * 400);
  await fairqJson(
    env,
    'publish',
    '--users',
    '20',
    '--count',
    count,
    '--task',
    'sleep',
    '--duration',
    '20ms..200ms',
  );
  load = [new RunningFairq(['worker', '--concurrency', '8'], env)];
});
afterAll(async () => {
  for (const one of load) one.signal('SIGTERM');
  await Promise.all(load.map(({ ended }) => ended));
});

/** Through all views, with a look at each. */
async function lookAround(page: BrowserPage): Promise<void> {
  for (const view of VIEWS) {
    await page.moveTo(view);
    const { events } = page;
    await eventually(() => page.events > events, { timeoutMs: 60_000, what: `a look at ${view}` });
  }
}

/** What there is where nothing is shown, so that it does not depend on how many users there are. */
async function atRest(page: BrowserPage) {
  await page.moveTo('#/nowhere');
  await page.untilText('There is nothing at this address');
  const { nodes, listeners } = await page.counts();
  return { nodes, listeners, streams: page.openStreams, bytes: await page.usedBytes() };
}

describe.skipIf(!hasBrowser)('a page that is open for long', () => {
  it(
    'keeps nothing of what it has shown',
    async () => {
      const page = await scene.open('', 'operator');
      const from = performance.now();
      const counted: Awaited<ReturnType<typeof atRest>>[] = [];
      await lookAround(page);
      for (let round = 0; round < ROUNDS || performance.now() - from < MINUTES * 60_000; round++) {
        await lookAround(page);
        const last = await atRest(page);
        counted.push(last);
        if (MINUTES > 0) {
          const minutes = ((performance.now() - from) / 60_000).toFixed(1);
          console.log(
            `${minutes} min: ${(last.bytes / 1e6).toFixed(2)} MB, ${last.nodes} nodes, ${last.listeners} listeners`,
          );
        }
      }
      expect(counted.map(({ streams }) => streams)).toEqual(counted.map(() => 1));
      const least = (what: 'nodes' | 'listeners', rounds: typeof counted) =>
        Math.min(...rounds.map((one) => one[what]));
      const [first, last] = [counted.slice(0, COMPARED), counted.slice(-COMPARED)];
      expect(least('listeners', last)).toBeLessThanOrEqual(least('listeners', first));
      // Where each view kept a node each time, there would be twice as many more.
      const kept = ((counted.length - COMPARED) * VIEWS.length) / 2;
      expect(least('nodes', last) - least('nodes', first)).toBeLessThan(kept);
    },
    (10 + MINUTES) * 60_000,
  );
});
