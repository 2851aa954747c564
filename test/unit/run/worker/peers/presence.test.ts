import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../../../src/broker/connection/channel.js';
import type { Connection } from '../../../../../src/broker/connection/connection.js';
import { type ControlMessage, decode } from '../../../../../src/broker/control/control.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import { Peers } from '../../../../../src/run/worker/peers/peers.js';
import { type Answers, Presence } from '../../../../../src/run/worker/peers/presence.js';

const names = namesFor('fairq');
const own = { id: 'w1', name: 'one', slots: 2, include: [], exclude: [], also: [] };
const KNOWS_NOTHING = {
  ...{ slots: 2, busy: 0, ready: true, users: 0, allMs: null, revision: null, serves: true, silent: [] },
};
const other = { ...own, id: 'w2', name: 'two', free: 0, busy: 0, ready: false };

/** Stands for the broker's end of the channel on which control messages are heard and said. */
class ControlChannel extends EventEmitter {
  readonly said: (ControlMessage | undefined)[] = [];
  #onMessage: (delivery: { content: Buffer }) => void = () => {};

  async assertExchange(): Promise<void> {}
  async assertQueue() {
    return { queue: 'amq.gen-1' };
  }
  async bindQueue(): Promise<void> {}
  async consume(_queue: string, onMessage: (delivery: { content: Buffer }) => void) {
    this.#onMessage = onMessage;
  }
  async close(): Promise<void> {}

  publish(_exchange: string, _key: string, body: Buffer): boolean {
    this.said.push(decode(body));
    return true;
  }

  /** Somebody else says something. */
  says(message: object): void {
    this.#onMessage({ content: Buffer.from(JSON.stringify(message)) });
  }
}

let channels: ControlChannel[];
let peers: Peers;
let presence: Presence;
let told: string[];

beforeEach(async () => {
  vi.useFakeTimers();
  channels = [];
  told = [];
  peers = new Peers(own, names);
  const connection = {
    channel: async () => {
      const channel = new ControlChannel();
      channels.push(channel);
      return channel as unknown as Channel;
    },
  } as Partial<Connection> as Connection;
  const clock = { now: () => performance.now(), epochMicros: () => 0 };
  presence = await Presence.open({ connection, names, clock }, own, peers, (error) =>
    told.push(error.message),
  );
});
afterEach(() => {
  presence.close();
  vi.useRealTimers();
});

const answers: Answers = {
  state: () => ({ free: 1, busy: 1, ready: true, longest: undefined }),
  leave: async (queues) => ({ left: [...queues], kept: [] }),
  running: () => undefined,
  heldBack: () => undefined,
  longestRunning: () => ({ total: 0, tasks: [] }),
  because: () => ({ ...KNOWS_NOTHING }),
  light: () => ({ queues: 1, users: 1, tasks: 2, most: [{ user: 'a', tasks: 2, oldest: 5 }] }),
  census: () => [],
};

function begin(): void {
  presence.begin(answers, {
    onQueue: (queue) => told.push(`queue ${queue}`),
    onWorker: (worker) => told.push(`worker ${worker}`),
    onPeers: () => told.push(`peers ${peers.count}`),
    onPolicyAsked: () => {},
    onHearAgain: () => told.push('hears again'),
    onFailure: (error) => told.push(error.message),
  });
}

/** Of the channel that is heard on now: one to make the exchange goes before it. */
function said(kind: string): (ControlMessage | undefined)[] {
  return control().said.filter((message) => message?.kind === kind);
}

function control(): ControlChannel {
  return channels.findLast((channel) => channel.listenerCount('close') > 0)!;
}

describe('a worker among others', () => {
  it('tells of itself as soon as it hears them, as one that is not ready', () => {
    expect(said('worker')).toEqual([
      { kind: 'worker', worker: { ...own, free: 0, busy: 0, ready: false, longest: undefined } },
    ]);
  });

  it('knows of what was said before it could answer, and answers that', async () => {
    control().says({ kind: 'worker', worker: other });
    control().says({ kind: 'queue', queue: 'fairq.user.A' });
    control().says({ kind: 'leave', request: 'r1', queues: ['fairq.user.A'] });
    expect([told, said('left')]).toEqual([[], []]);
    begin();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['worker w2', 'peers 2', 'queue fairq.user.A']);
    expect(said('left')).toEqual([
      { kind: 'left', request: 'r1', worker: 'w1', left: ['fairq.user.A'], kept: [] },
    ]);
  });

  it('says what it knows of why something waits, by its name', () => {
    begin();
    control().says({ kind: 'why', request: 'r2', queue: 'fairq.user.A' });
    const by = { request: 'r2', worker: 'w1', name: 'one' };
    expect(said('because')).toEqual([{ kind: 'because', ...by, ...KNOWS_NOTHING }]);
  });

  it('says what waits here of users that share queues, in answer to who asks', () => {
    begin();
    control().says({ kind: 'light', request: 'r' });
    expect(said('light-here')).toEqual([
      {
        ...{ kind: 'light-here', request: 'r', worker: own.id, queues: 1, users: 1, tasks: 2 },
        most: [{ user: 'a', tasks: 2, oldest: 5 }],
      },
    ]);
  });

  it('answers who is new, and tells of its state every two seconds', async () => {
    begin();
    control().says({ kind: 'worker', worker: other });
    control().says({ kind: 'worker', worker: other });
    expect(said('worker')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(said('worker').at(-1)).toMatchObject({ worker: { free: 1, busy: 1, ready: true } });
    expect(said('worker')).toHaveLength(3);
  });

  it('says when it may have missed something, though its channel was lost before it could answer', async () => {
    const first = control();
    first.emit('close');
    await vi.advanceTimersByTimeAsync(0);
    expect(control()).not.toBe(first);
    begin();
    expect(told).toEqual(['hears again']);
    control().emit('close');
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['hears again', 'hears again']);
  });

  it('forgets who is silent, and says nothing once it has said goodbye', async () => {
    begin();
    control().says({ kind: 'worker', worker: other });
    await vi.advanceTimersByTimeAsync(14_000);
    expect(peers.count).toBe(1);
    const channel = control();
    presence.sayGoodbye();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(channel.said.at(-1)).toEqual({ kind: 'bye', id: 'w1' });
  });
});
