import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/broker/control/control.js';
import { FUZZ, FUZZ_TIMEOUT_MS, hostileJson, nearly } from '../../support/hostile-values.js';

const LONGEST = { id: 't', user: 'A', type: 'x', started: 1 };
const STATE = { slots: 10, free: 2, busy: 7, ready: true, longest: LONGEST };
const PRESENCE = { id: 'i', name: 'n', ...STATE, policy: 2, include: ['a*'], exclude: [], also: ['q'] };

const LANE = {
  ...{ queue: 'q', user: 'A', running: 1, prefetched: 2, heldBack: 0, before: 3, weight: 1, ofWeight: 0.5 },
  ...{ ofSlots: 0.4, taskMs: 2.5, blocked: 'cap', permits: 1, nextTokenMs: 4, retrying: 1, retryInMs: 9 },
};
const TENANT = {
  name: 'T',
  weight: 1,
  running: 1,
  prefetched: 0,
  users: ['A'],
  userCount: 1,
  ofSlots: 1,
  before: null,
};
const BECAUSE = {
  ...{ kind: 'because', request: 'r', worker: 'i', name: 'n', slots: 2, busy: 1, ready: true, users: 3 },
  ...{ allMs: 1.5, revision: 2, serves: true, lane: LANE, tenant: TENANT, task: { ahead: 1 } },
  silent: [{ id: 'i', name: 'n', forMs: 6_000 }],
};

const LIGHT = {
  ...{ kind: 'light-here', request: 'r', worker: 'w', queues: 2, users: 1, tasks: 3 },
  most: [{ user: 'A', tasks: 3, oldest: 1 }],
};

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255;
}

function makesSense(message: ReturnType<typeof decode>): boolean {
  switch (message?.kind) {
    case undefined:
      return message === undefined;
    case 'queue':
      return isName(message.queue);
    case 'bye':
      return isName(message.id);
    case 'leave':
      return isName(message.request) && message.queues.every(isName);
    case 'task':
      return isName(message.request) && isName(message.id);
    case 'runs': {
      const { user, run, attempt, enqueued, started } = message.task;
      const texts = [user, run, message.worker].every((text) => typeof text === 'string');
      return texts && isName(message.request) && [attempt, enqueued, started].every(Number.isSafeInteger);
    }
    case 'held': {
      const { user, run, attempt, enqueued, since, until, ahead, deaths = 0 } = message.task;
      const texts = [user, run, message.worker].every((text) => typeof text === 'string');
      const numbers = [attempt, enqueued, since, until, ahead, deaths].every(Number.isSafeInteger);
      return isName(message.request) && texts && numbers && ahead >= 0 && deaths >= 0;
    }
    case 'running':
      return isName(message.request) && [message.longerThanMs, message.limit].every(Number.isSafeInteger);
    case 'all-running':
      return (
        [message.request, message.worker, message.name].every((text) => typeof text === 'string') &&
        message.tasks.every(({ attempt, enqueued, started }) =>
          [message.total, attempt, enqueued, started].every(Number.isSafeInteger),
        )
      );
    case 'census':
      return isName(message.request);
    case 'here':
      return (
        isName(message.request) &&
        isName(message.worker) &&
        message.tasks.every(
          ({ run, user, running, prefetched, retrying }) =>
            [run, user].every((text) => typeof text === 'string') &&
            [running, prefetched, retrying].every((count) => Number.isSafeInteger(count) && count >= 0),
        )
      );
    case 'grants-asked':
      return isName(message.request) && isName(message.queue) && typeof message.rest === 'boolean';
    case 'grants-held':
      return (
        isName(message.request) &&
        isName(message.worker) &&
        [...message.held, ...message.known].every((number) => Number.isSafeInteger(number) && number > 0)
      );
    case 'grants-go-on':
      return isName(message.queue);
    case 'why':
      return isName(message.request) && isName(message.queue ?? message.tenant ?? message.id);
    case 'because': {
      const { lane, tenant, task, silent, slots, busy, users } = message;
      const counts = [slots, busy, users, task?.ahead ?? 0, tenant?.userCount ?? 0, tenant?.before ?? 0];
      if (lane !== undefined) counts.push(lane.running, lane.prefetched, lane.heldBack, lane.before ?? 0);
      const numbers = [message.allMs ?? 0, ...silent.map(({ forMs }) => forMs), lane?.ofSlots ?? 0];
      return (
        isName(message.request) &&
        isName(message.worker) &&
        counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
        numbers.every(Number.isFinite)
      );
    }
    case 'light':
      return isName(message.request);
    case 'light-here': {
      const { request, worker, queues, users, tasks, most } = message;
      const counts = [queues, users, tasks, ...most.flatMap((one) => [one.tasks, one.oldest])];
      return (
        isName(request) &&
        isName(worker) &&
        most.length <= 50 &&
        most.every(({ user }) => typeof user === 'string') &&
        counts.every((count) => Number.isSafeInteger(count) && count >= 0)
      );
    }
    case 'policy-asked':
      return typeof message.request === 'string' && Number.isSafeInteger(message.revision);
    case 'goes-by': {
      const { worker, name, revision, paused, tenants = false } = message;
      const users = paused.every(
        ({ user, running, total }) =>
          typeof user === 'string' &&
          Number.isSafeInteger(total) &&
          running.every(({ id, started }) => typeof id === 'string' && Number.isSafeInteger(started)),
      );
      return (
        [worker, name].every((text) => typeof text === 'string') &&
        Number.isSafeInteger(revision) &&
        users &&
        tenants === false
      );
    }
    case 'left':
      return (
        isName(message.request) && isName(message.worker) && [...message.left, ...message.kept].every(isName)
      );
    case 'worker': {
      const { id, name, slots, free, ready, include, exclude, also } = message.worker;
      const numbers = Number.isInteger(slots) && Number.isInteger(free) && free >= 0 && free <= slots;
      const texts = isName(id) && typeof name === 'string' && typeof ready === 'boolean';
      const { busy = 0, longest = LONGEST } = message.worker;
      if (!Number.isInteger(busy) || busy < 0 || busy > slots || !Number.isSafeInteger(longest.started))
        return false;
      return numbers && texts && [...include, ...exclude, ...also].every(isName);
    }
  }
}

describe('what anybody says on the control exchange', () => {
  it('is whole when it says why something waits', () => {
    expect(decode(Buffer.from(JSON.stringify(BECAUSE)))).toEqual(BECAUSE);
  });

  it(
    'is a message that makes sense, or none',
    () => {
      const worker = nearly(PRESENCE).map((presence) => `{"kind":"worker","worker":${presence}}`);
      const others = fc.oneof(
        nearly({ kind: 'queue', queue: 'q' }),
        nearly({ kind: 'policy-asked', request: 'r', revision: 3 }),
        nearly({
          kind: 'goes-by',
          worker: 'i',
          name: 'n',
          revision: 3,
          paused: [{ user: 'A', running: [{ id: 't', started: 1 }], total: 1 }],
          tenants: false,
        }),
        nearly({ kind: 'why', request: 'r', queue: 'q' }),
        nearly({ kind: 'why', request: 'r', id: 'i' }),
        nearly(BECAUSE),
        nearly({ kind: 'bye', id: 'i' }),
        nearly({ kind: 'light', request: 'r' }),
        nearly(LIGHT),
        nearly({ kind: 'grants-asked', request: 'r', queue: 'q', rest: true }),
        nearly({ kind: 'grants-held', request: 'r', worker: 'w', name: 'n', held: [1, 2], known: [3] }),
        nearly({ kind: 'grants-go-on', queue: 'q' }),
        nearly({ kind: 'task', request: 'r', id: 'i' }),
        nearly({ user: 'A', run: 'r', attempt: 1, enqueued: 1, started: 2 }).map(
          (task) => `{"kind":"runs","request":"r","worker":"w","task":${task}}`,
        ),
        nearly({ user: 'A', run: 'r', attempt: 1, enqueued: 1, since: 2, until: 3, ahead: 0, deaths: 1 }).map(
          (task) => `{"kind":"held","request":"r","worker":"w","task":${task}}`,
        ),
        nearly({ kind: 'leave', request: 'r', queues: ['q', 'p'] }),
        nearly({ kind: 'running', request: 'r', longerThanMs: 60_000, limit: 10 }),
        nearly({ ...LONGEST, run: 'r', attempt: 1, enqueued: 1 }).map(
          (task) =>
            `{"kind":"all-running","request":"r","worker":"i","name":"w","total":1,"tasks":[${task}]}`,
        ),
        nearly({ kind: 'census', request: 'r' }),
        nearly({ run: 'r', user: 'A', running: 1, prefetched: 2, retrying: 0 }).map(
          (tasks) => `{"kind":"here","request":"r","worker":"w","tasks":[${tasks}]}`,
        ),
        nearly({ kind: 'left', request: 'r', worker: 'w', left: ['q'], kept: ['p'] }),
      );
      const bytes = fc.uint8Array().map((array) => Buffer.from(array));
      const said = fc.oneof(
        { weight: 6, arbitrary: worker.map((text) => Buffer.from(text)) },
        { weight: 2, arbitrary: others.map((text) => Buffer.from(text)) },
        { weight: 1, arbitrary: hostileJson.map((text) => Buffer.from(text)) },
        { weight: 1, arbitrary: bytes },
      );
      fc.assert(
        fc.property(said, (content) => {
          const message = decode(content);
          if (!makesSense(message)) expect.unreachable(content.toString());
        }),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('names no queue that AMQP has no room for', () => {
    const named = (queue: string) => decode(Buffer.from(JSON.stringify({ kind: 'queue', queue })));
    expect(named('x'.repeat(255))).toEqual({ kind: 'queue', queue: 'x'.repeat(255) });
    expect(named('x'.repeat(256))).toBeUndefined();
    expect(named('漢'.repeat(86))).toBeUndefined();
  });

  it('says no number of slots that a worker could not have', () => {
    const said = (change: string) =>
      decode(Buffer.from(JSON.stringify({ kind: 'worker', worker: PRESENCE }).replace('"free":2', change)));
    expect(said('"free":2')).toBeDefined();
    for (const free of ['-1', '1e999', '11', '1.5', '"2"', 'null']) {
      expect(said(`"free":${free}`), free).toBeUndefined();
    }
  });
});
