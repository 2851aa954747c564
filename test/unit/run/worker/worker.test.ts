import { beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../../src/broker/connection/connection.js';
import { unreachableError } from '../../../../src/core/errors/errors.js';
import { namesFor } from '../../../../src/core/queues/names.js';
import { reportOfNothing } from '../../../../src/core/reports/worker-report.js';
import { Weights } from '../../../../src/core/scheduling/weights.js';
import { type Deferred, deferred } from '../../../../src/core/values/deferred.js';
import { builtInHandlers } from '../../../../src/run/worker/handlers/handlers.js';
import { OWN_FORMAT } from '../../../../src/run/worker/task/message-format.js';
import { Worker } from '../../../../src/run/worker/worker.js';
import type {
  WorkerDeps,
  WorkerListener,
  WorkerOptions,
} from '../../../../src/run/worker/worker-contract.js';

const options: WorkerOptions = {
  name: 'W',
  concurrency: 1,
  include: [],
  exclude: [],
  also: [],
  weights: new Weights(),
  charging: 'time',
  prefetch: undefined,
  strategy: 'fair',
  count: Number.POSITIVE_INFINITY,
  exitWhen: undefined,
  idleForMs: 0,
  waitForWorkers: 1,
  stallMs: 1_000,
  taskTimeoutMs: undefined,
  retry: { maxAttempts: 1, delaysMs: [1_000], stepsMs: [] },
  maxCrashes: undefined,
  queueKind: { type: 'classic', ordered: false },
  ordered: false,
  results: { ttlMs: 0, mostBytes: 0 },
  format: OWN_FORMAT,
  demoteAfterMs: 60_000,
  discoverEveryMs: 1_000,
};
const silent: WorkerListener = {
  onReady() {},
  onBrokerTells() {},
  onWarning() {},
  onDetail() {},
  onPrefetch() {},
  onTaskEnded() {},
  onResultDropped() {},
  onTaskFailed() {},
  onFailureStuck() {},
};

/** Of the connection: it opens no channel before the test says so. */
let channel: Deferred<never>;
let lost: Deferred<never>;
let isConnected: boolean;
let worker: Worker;

beforeEach(() => {
  channel = deferred();
  lost = deferred();
  isConnected = true;
  const connection = {
    get isConnected() {
      return isConnected;
    },
    lost: lost.promise,
    channel: () => channel.promise,
    confirmChannel: () => channel.promise,
  } as Partial<Connection> as Connection;
  const deps = {
    connection,
    names: namesFor('fairq'),
    management: {} as WorkerDeps['management'],
    clock: { now: () => 0, epochMicros: () => 0 },
    newId: () => 'id',
  } as Partial<WorkerDeps> as WorkerDeps;
  worker = new Worker(deps, 'w', options, builtInHandlers, silent);
});

describe('a worker that opens', () => {
  it('has nothing yet, and says that it starts', () => {
    void worker.run();
    expect(worker.unready).toBe('starting');
    expect(worker.snapshot()).toMatchObject({ completed: 0, running: 0, queues: 0 });
    expect(worker.ages()).toEqual({ oldestRunning: undefined, oldestWaiting: undefined });
    expect([worker.running, worker.unconfirmed]).toEqual([0, 0]);
    worker.stop();
  });

  it('says that it has no connection', () => {
    isConnected = false;
    expect(worker.unready).toBe('no connection to the broker');
  });

  it('reports nothing when it is stopped', async () => {
    const report = worker.run();
    worker.stop();
    expect(await report).toEqual(reportOfNothing('W'));
    expect(worker.unready).toBe('stopping');
  });

  it('ends in order whatever becomes of its channels after a stop', async () => {
    const report = worker.run();
    worker.stop();
    channel.reject(new Error('the connection has been closed'));
    expect(await report).toEqual(reportOfNothing('W'));
  });

  it('fails with what the broker refuses', async () => {
    const report = worker.run();
    channel.reject(unreachableError('GONE', 'the broker has gone'));
    await expect(report).rejects.toThrow('the broker has gone');
  });

  it('says why its connection has gone, not what that made impossible', async () => {
    const report = worker.run();
    channel.reject(new Error('channel closed'));
    await new Promise((resolve) => setImmediate(resolve)); // by then it knows that a channel has failed
    lost.reject(unreachableError('GONE', 'the broker has gone'));
    await expect(report).rejects.toThrow('the broker has gone');
  });

  it('gives up when it is to', async () => {
    const report = worker.run();
    worker.abort();
    await expect(report).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('takes up no queue that somebody names when it ends before it is ready', async () => {
    const report = worker.run();
    expect(worker.serves('fairq.user.A')).toBe(true);
    const taken = worker.takeUp('fairq.user.A');
    worker.stop();
    await report;
    expect(await taken).toBe(false);
  });
});
