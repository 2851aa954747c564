import { beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingTask } from '../../../../src/broker/publishing/outgoing-task.js';
import { type Pending, Route } from '../../../../src/broker/publishing/route.js';

/** What the route asked for, in order. */
let told: string[];
let route: Route;
let handedOver: Pending[];

function open(isMade = true): void {
  told = [];
  handedOver = [];
  const way = { exchange: 'fairq', key: 'A', queue: 'fairq.user.A', isMade };
  route = new Route(way, {
    publish: ({ number }) => told.push(`publish ${number}`),
    makeQueue: () => told.push('make queue'),
    noQueue: ({ number }) => told.push(`no queue ${number}`),
    tryAlone: () => told.push('try alone'),
    givenUp: ({ number }) => told.push(`given up ${number}`),
    refused: ({ number }, { text }) => told.push(`refused ${number}: ${text}`),
    takesAll: () => told.push('takes all'),
  });
}

function pending(): Pending {
  const number = handedOver.length + 1;
  const task = { id: `${number}` } as OutgoingTask;
  const sending = { isSent: false, isDirect: false, isUnsure: false, nacks: 0 };
  const one: Pending = { id: task.id, task, route, number, ...sending };
  handedOver.push(one);
  return one;
}

/** Hands over so many more. */
function take(count = 1): void {
  for (let i = 0; i < count; i++) route.take(pending());
}

/** The task that was handed over as the so-and-so-manieth. */
const nth = (number: number) => handedOver[number - 1]!;

/** What was asked for since the last time. */
const since = () => told.splice(0);

/** The route is open, and so many tasks are under way. */
function opened(underWay: number): void {
  open();
  take();
  route.confirmed(nth(1));
  take(underWay - 1);
  since();
}

beforeEach(() => open());

describe('a route of which nothing is known', () => {
  it('sends the first task alone, and the others in their order when it is confirmed', () => {
    take(3);
    expect([since(), route.state, route.waiting]).toEqual([['publish 1'], 'probing', 2]);
    route.confirmed(nth(1));
    expect(since()).toEqual(['takes all', 'publish 2', 'publish 3']);
    expect([route.state, route.waiting]).toEqual(['open', 0]);
  });
});

describe('an open route', () => {
  it('sends each task at once', () => {
    opened(1);
    take(2);
    expect(since()).toEqual(['publish 2', 'publish 3']);
    route.confirmed(nth(3));
    route.confirmed(nth(2));
    expect([since(), route.state]).toEqual([[], 'open']);
  });

  it('makes all wait for a task of which something is to be known first', () => {
    opened(1);
    const large = pending();
    route.waitFor(large);
    take();
    expect([since(), route.state, route.isProbe(large)]).toEqual([[], 'probing', true]);
    route.without(large);
    expect(since()).toEqual(['takes all', 'publish 3']);
  });
});

describe('a route whose task comes back', () => {
  it('has the queue made once, and then sends the oldest alone', () => {
    opened(4);
    for (const number of [3, 2, 4]) route.returned(nth(number));
    take();
    expect([since(), route.state]).toEqual([['make queue'], 'closed']);
    route.queueMade();
    expect([since(), route.state]).toEqual([['publish 2'], 'probing']);
    route.confirmed(nth(2));
    expect(since()).toEqual(['takes all', 'publish 3', 'publish 4', 'publish 5']);
  });

  it('has the queue made again when the oldest comes back again', () => {
    take(2);
    route.returned(nth(1));
    route.queueMade();
    route.returned(nth(1));
    expect(since()).toEqual(['publish 1', 'make queue', 'publish 1', 'make queue']);
  });

  it('forgets since when the queue was not bound, as soon as a task arrives', () => {
    take();
    Object.assign(route, { unboundSince: 1, unprunedSince: 2 });
    route.confirmed(nth(1));
    expect([route.unboundSince, route.unprunedSince]).toEqual([undefined, undefined]);
  });

  it('tells of a queue that is not made, and tries it with the next task', () => {
    open(false);
    take(3);
    route.returned(nth(1));
    expect(since()).toEqual(['publish 1', 'no queue 1', 'publish 2']);
    // Somebody has made it meanwhile.
    route.confirmed(nth(2));
    expect([since(), route.state]).toEqual([['takes all', 'publish 3'], 'open']);
  });

  it('knows nothing of a queue that is not made, and for which nothing waits', () => {
    open(false);
    take();
    route.returned(nth(1));
    expect(route.state).toBe('unknown');
  });
});

describe('a route whose queue does not take a task', () => {
  it('has the oldest tried alone, and keeps the others', () => {
    opened(4);
    for (const number of [3, 4, 2]) route.nacked(nth(number));
    take();
    expect([since(), route.state, route.waiting]).toEqual([['try alone'], 'refused', 4]);
    expect(route.oldestWaiting).toBe(nth(2));
  });

  it('sends one task, then 4, then 16, until none wait', () => {
    opened(1);
    route.nacked(nth(1));
    take(30);
    since();
    route.aloneConfirmed(nth(1));
    route.reopen(true);
    expect([since(), route.state]).toEqual([['publish 2'], 'probing']);
    route.confirmed(nth(2));
    expect(since()).toEqual(['publish 3', 'publish 4', 'publish 5', 'publish 6']);
    for (const number of [3, 4, 5]) route.confirmed(nth(number));
    expect(since()).toEqual([]);
    route.confirmed(nth(6));
    expect(since()).toHaveLength(16);
    for (let number = 7; number <= 22; number++) route.confirmed(nth(number));
    expect(since()).toEqual(['takes all', ...Array.from({ length: 9 }, (_, i) => `publish ${i + 23}`)]);
    expect(route.state).toBe('open');
  });

  it('begins with one task again after another refusal', () => {
    opened(1);
    route.nacked(nth(1));
    take(30);
    route.reopen(true);
    route.confirmed(nth(1));
    since();
    for (const number of [2, 3, 4, 5]) route.nacked(nth(number));
    expect([since(), route.state, route.waiting]).toEqual([['try alone'], 'refused', 30]);
    route.reopen(true);
    expect(since()).toEqual(['publish 2']);
  });

  it('leaves what waits to the next channel, where there is none', () => {
    opened(1);
    route.nacked(nth(1));
    since();
    route.reopen(false);
    expect([since(), route.state]).toEqual([[], 'unknown']);
  });

  it('counts how often a task got through alone, until one goes the usual way', () => {
    opened(2);
    route.nacked(nth(1));
    Object.assign(route, { refusedSince: 1, heldUp: true });
    route.aloneConfirmed(nth(1));
    expect([route.onlyAlone, route.refusedSince, route.heldUp, route.waiting]).toEqual([
      1,
      undefined,
      false,
      0,
    ]);
    route.confirmed(nth(2));
    expect(route.onlyAlone).toBe(0);
  });

  it('waits for no queue to be made, and keeps what comes back', () => {
    opened(3);
    route.returned(nth(1));
    route.nacked(nth(2));
    since();
    route.returned(nth(3));
    route.queueMade();
    expect([since(), route.state, route.waiting]).toEqual([[], 'refused', 3]);
  });

  it('takes a queue for missing whose task comes back when it goes the usual way again', () => {
    opened(1);
    route.nacked(nth(1));
    since();
    route.reopen(true);
    route.returned(nth(1));
    expect([since(), route.state]).toEqual([['takes all', 'publish 1', 'make queue'], 'closed']);
  });
});

describe('a route that is given up', () => {
  it('gives back what waits, what comes later, and what was under way', () => {
    opened(4);
    route.nacked(nth(2));
    route.nacked(nth(1));
    since();
    route.giveUp();
    expect(route.state).toBe('given up');
    take();
    route.nacked(nth(3));
    route.returned(nth(4));
    expect(since()).toEqual([2, 1, 5, 3, 4].map((number) => `given up ${number}`));
    route.channelLost();
    expect(route.state).toBe('given up');
  });
});

describe('a lost channel', () => {
  const takeAgain = () => {
    route.channelLost();
    for (const one of handedOver) route.take(one);
  };

  it('makes nothing known of a route, and sends the oldest alone', () => {
    opened(3);
    takeAgain();
    expect([since(), route.state, route.waiting]).toEqual([['publish 1'], 'probing', 2]);
  });

  it('leaves a route refused, with every task waiting once', () => {
    opened(3);
    route.nacked(nth(2));
    since();
    takeAgain();
    expect([since(), route.state, route.waiting]).toEqual([[], 'refused', 3]);
    expect(route.oldestWaiting).toBe(nth(1));
  });

  it('voids that a queue is made', () => {
    take(2);
    route.returned(nth(1));
    takeAgain();
    since();
    route.queueMade();
    expect(since()).toEqual([]);
  });
});

describe('a route whose queue is full, which is not waited for', () => {
  it('refuses all that waits, in its order, and sends the next task as a probe', () => {
    opened(4);
    route.nacked(nth(3));
    route.nacked(nth(2));
    take();
    since();
    route.refuse({ kind: 'queue-full', text: 'full' });
    expect(since()).toEqual(['refused 2: full', 'refused 3: full', 'refused 5: full']);
    expect([route.state, route.waiting]).toEqual(['unknown', 0]);
    take(2);
    expect([since(), route.state, route.waiting]).toEqual([['publish 6'], 'probing', 1]);
    // What was under way is answered late.
    route.nacked(nth(4));
    expect([since(), route.state]).toEqual([['try alone'], 'refused']);
    route.confirmed(nth(6));
    route.refuse({ kind: 'queue-full', text: 'full' });
    expect(since()).toEqual(['refused 4: full', 'refused 7: full']);
    take();
    route.confirmed(nth(8));
    expect([since(), route.state]).toEqual([['publish 8', 'takes all'], 'open']);
  });
});
