import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BriefQueue } from '../../../../../src/broker/management/queue-figures.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import { Discovery } from '../../../../../src/run/worker/discovery/discovery.js';
import { queueFilter } from '../../../../../src/run/worker/discovery/queue-filter.js';
import type { WorkerDeps } from '../../../../../src/run/worker/worker-contract.js';

const names = namesFor('fairq');
let listed: string[] | Error;
let taken: string[][];
let announced: string[][];
let warnings: string[];
let discovery: Discovery;

beforeEach(() => {
  vi.useFakeTimers();
  listed = [];
  taken = [];
  announced = [];
  warnings = [];
  const management = {
    queuesInBrief: async () => {
      if (listed instanceof Error) throw listed;
      return brief(listed);
    },
    queuesWithArgument: async () => new Set(['fairq.user.A']),
    vhostsWithExchange: async () => [],
  };
  const deps = {
    management,
    names,
    clock: { now: () => performance.now(), epochMicros: () => 0 },
    events: { vhost: '/', connectTo: () => Promise.reject(new Error('nowhere')) },
  } as unknown as WorkerDeps;
  discovery = make(deps, false);
});
afterEach(async () => {
  await discovery.close();
  vi.useRealTimers();
});

function brief(names: readonly string[]): BriefQueue[] {
  return names.map((name) => ({ name, type: 'classic', exclusive: false }) as BriefQueue);
}

function make(deps: WorkerDeps, ordered: boolean): Discovery {
  const intake = {
    take: async (queues: readonly string[]) => void taken.push([...queues]),
    takeAnnounced: async (queues: readonly string[]) => void announced.push([...queues]),
    served: { serves: (queue: string) => announced.flat().includes(queue) },
  };
  return new Discovery(
    deps,
    { also: ['jobs'], ordered, discoverEveryMs: 30_000 },
    queueFilter(names, [], [], ['jobs']),
    { intake, retries: { take: () => {} } },
    {
      onBrokerTells: () => {},
      onWarning: (text) => warnings.push(text),
      onFailure: (error) => warnings.push(error.message),
    },
  );
}

describe('the queues that a worker serves', () => {
  it('are those of users that are listed, and those that were named', async () => {
    const all = brief(['fairq.user.A', 'fairq.dead', 'other']);
    expect(await discovery.among(all)).toEqual(['fairq.user.A', 'jobs']);
  });

  it('are listed every so often, once it has begun', async () => {
    listed = ['fairq.user.A'];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(taken).toEqual([]);
    discovery.begin();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(taken).toEqual([['fairq.user.A']]);
  });

  it('are listed at once when announcements were missed', async () => {
    discovery.begin();
    listed = ['fairq.user.A'];
    discovery.listAgain();
    await vi.advanceTimersByTimeAsync(0);
    expect(taken).toEqual([['fairq.user.A']]);
  });

  it('are taken up when they are announced', async () => {
    discovery.announced('fairq.user.A');
    await vi.advanceTimersByTimeAsync(0);
    expect(announced).toEqual([['fairq.user.A']]);
  });

  it('are taken up when somebody names one', async () => {
    expect(await discovery.takeUp('fairq.user.A')).toBe(true);
  });

  it('are taken up no more at the end', async () => {
    discovery.begin();
    discovery.announced('fairq.user.A');
    await discovery.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await discovery.takeUp('fairq.user.A')).toBe(false);
    expect([announced, taken]).toEqual([[], []]);
  });

  it('are said to be missed once, until they can be listed again', async () => {
    discovery.begin();
    listed = new Error('no answer');
    await vi.advanceTimersByTimeAsync(40_000);
    expect(warnings).toEqual(['the queues could not be listed, new ones may be missed: no answer']);
    listed = [];
    await vi.advanceTimersByTimeAsync(30_000);
    listed = new Error('no answer');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(warnings).toHaveLength(2);
  });
});
