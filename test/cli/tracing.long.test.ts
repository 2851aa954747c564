import { symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { readPage } from '../support/markdown.js';
import { runScript } from '../support/run-script.js';
import { ask, type Serving, startServingApart } from '../support/serving.js';
import { type CollectedSpan, useTraceCollector } from '../support/trace-collector.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const collector = useTraceCollector();
const library = fileURLToPath(new URL('../../dist/library/index.js', import.meta.url));

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const traceparent = `00-${TRACE}-${SPAN}-01`;

let serving: Serving;
/** With an SDK, as the page about tracing sets it up. */
let traced: Record<string, string>;

beforeAll(async () => {
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), folder.file('node_modules'));
  const [setUp = ''] = /^\/\/ tracing\.mjs\n[\s\S]*?(?=```)/m.exec(readPage('docs/tracing.md')) ?? [];
  await writeFile(folder.file('tracing.mjs'), setUp);
  await writeFile(
    folder.file('handlers.mjs'),
    `import { setTimeout as delay } from 'node:timers/promises';
     import { trace } from '@opentelemetry/api';
     const inner = (name, id) => trace.getTracer('mine').startActiveSpan(name, (span) => {
       span.setAttribute('messaging.message.id', id);
       span.end();
     });
     export async function look(_, { id, traceparent }) {
       inner('before', id);
       await delay(5);
       inner('after', id);
       return { traceparent };
     }
     export function quick(_, { id }) { inner('within', id); }
     export function flaky(_, { attempt }) { if (attempt === 1) throw new TypeError('not yet'); }
     export async function late() { await delay(60_000, undefined, { ref: false }); }`,
  );
  traced = { ...env, ...collector.env, NODE_OPTIONS: `--import ${folder.file('tracing.mjs')}` };
  serving = await startServingApart(traced);
});
afterAll(async () => {
  serving.process.signal('SIGTERM');
  await serving.process.ended;
});

async function post(task: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, json } = await ask(serving, '/v1/tasks', { user: 'ann', headers, body: { task } });
  expect(status).toBe(202);
  return String(json.id);
}

async function work(...flags: string[]): Promise<void> {
  const handlers = flags.includes('--exec') ? [] : ['--handler', folder.file('handlers.mjs')];
  const worker = new RunningFairq(
    ['worker', '--exit-when', 'empty', '--backoff', '20ms', ...handlers, ...flags],
    // Its spans come when it ends, and not before.
    { ...traced, OTEL_BSP_SCHEDULE_DELAY: '600000' },
  );
  const { code, stderr } = await worker.ended;
  // 3: it leaves dead letters.
  expect([0, 3], stderr).toContain(code);
}

const parentOf = ({ traceId, spanId }: CollectedSpan) => `00-${traceId}-${spanId}-01`;
const attemptOf = ({ attributes }: CollectedSpan) => Number(attributes['fairq.attempt']);
const placeOf = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });

describe('with an SDK of OpenTelemetry', () => {
  it('the span of a send goes on from the request, and the message goes on from it', async () => {
    const id = await post('look', { traceparent });
    const [sent] = await collector.of('send look', id);
    expect(sent).toMatchObject({ kind: 4, traceId: TRACE, parentSpanId: SPAN, links: [] });
    expect(sent!.attributes).toEqual({
      'messaging.system': 'rabbitmq',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'fairq.user.ann',
      'messaging.message.id': id,
      'fairq.task': 'look',
      'fairq.user': 'ann',
      'fairq.run': expect.any(String),
      'fairq.attempt': 1,
    });
    await work();
    const task = await fairqJson(env, 'task', id);
    const expected = { result: { traceparent: parentOf(sent!) }, traceparent: parentOf(sent!) };
    expect(task, JSON.stringify(task)).toMatchObject(expected);
  });

  it('the span of a run is linked to the send, and active in the handler', async () => {
    const [id, quick] = [await post('look'), await post('quick')];
    await work();
    const [sent] = await collector.of('send look', id);
    const [ran] = await collector.of('run look', id);
    expect(ran).toMatchObject({ kind: 5, links: [placeOf(sent!)] });
    expect(ran!.status.code ?? 0, JSON.stringify(ran)).toBe(0);
    expect(ran!.parentSpanId ?? '').toBe('');
    expect(ran!.traceId).not.toBe(sent!.traceId);
    expect(ran!.attributes).toEqual({
      ...sent!.attributes,
      'messaging.operation.name': 'run',
      'messaging.operation.type': 'process',
    });
    for (const name of ['before', 'after']) {
      const [inner] = await collector.of(name, id);
      expect(inner).toMatchObject({ traceId: ran!.traceId, parentSpanId: ran!.spanId });
    }
    const [ranQuickly] = await collector.of('run quick', quick);
    expect((await collector.of('within', quick))[0]).toMatchObject({ parentSpanId: ranQuickly!.spanId });
  });

  it('each attempt has a span, and one that fails says why', async () => {
    const id = await post('flaky');
    await work();
    const [sent] = await collector.of('send flaky', id);
    const runs = (await collector.of('run flaky', id, 2)).toSorted((a, b) => attemptOf(a) - attemptOf(b));
    expect(runs.map(attemptOf)).toEqual([1, 2]);
    expect(runs.map(({ links }) => links)).toEqual([[placeOf(sent!)], [placeOf(sent!)]]);
    expect(runs[0]).toMatchObject({ status: { code: 2, message: 'not yet' }, events: ['exception'] });
    expect(runs[1]).toMatchObject({ events: [] });
  });

  it('a task that nobody can run, and one that takes too long, have spans that say so', async () => {
    const [nobody, late] = [await post('nobody'), await post('late')];
    await work('--task-timeout', '100ms', '--max-attempts', '1');
    const [unknown] = await collector.of('run nobody', nobody);
    expect(unknown!.status).toMatchObject({ code: 2, message: expect.stringContaining('no handler') });
    const [ended] = await collector.of('run late', late);
    expect(ended!.status).toMatchObject({ code: 2, message: expect.stringContaining('100 ms') });
  });

  it('a program is a part of the run', async () => {
    const id = await post('program', { traceparent });
    await work('--exec', 'echo "$TRACEPARENT"');
    const [ran] = await collector.of('run program', id);
    expect(await fairqJson(env, 'task', id)).toMatchObject({ result: parentOf(ran!) });
  });

  it('the library sends within the span of its caller, and the SDK may come after it', async () => {
    const script = `
      import { connect } from ${JSON.stringify(library)};
      import { trace } from '@opentelemetry/api';
      const fairq = await connect({ uri: process.env.FAIRQ_URI, managementUri: process.env.FAIRQ_MANAGEMENT_URI });
      await fairq.publisher.send('lib', 'early', 1, { traceparent: '${traceparent}' });
      await import(${JSON.stringify(folder.file('tracing.mjs'))});
      const ids = await trace.getTracer('app').startActiveSpan('app', async (app) => {
        const within = await fairq.publisher.send('lib', 'within', 1);
        const given = await fairq.publisher.send('lib', 'given', 1, { traceparent: '${traceparent}' });
        app.end();
        return { within: within.id, given: given.id, app: app.spanContext() };
      });
      const traces = {};
      await fairq.worker({
        handlers: { default: (_, { type, traceparent }) => void (traces[type] = traceparent) },
        queues: ['fairq.user.lib'],
        exitWhen: 'empty',
      }).run();
      await fairq.close();
      await trace.getTracerProvider().getDelegate().shutdown();
      console.log(JSON.stringify({ ...ids, traces }));`;
    const { within, given, app, traces } = await runScript<{
      within: string;
      given: string;
      app: { traceId: string; spanId: string };
      traces: Record<string, string>;
    }>(folder.file('app.mjs'), script, { ...env, ...collector.env });
    const [sentWithin] = await collector.of('send within', within);
    const [sentGiven] = await collector.of('send given', given);
    expect(sentWithin).toMatchObject({ traceId: app.traceId, parentSpanId: app.spanId });
    expect(sentGiven).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(traces).toEqual({
      early: traceparent,
      within: parentOf(sentWithin!),
      given: parentOf(sentGiven!),
    });
    expect((await collector.of('run within', within))[0]!.links).toEqual([placeOf(sentWithin!)]);
  });
});

describe('without an SDK', () => {
  it('nothing of OpenTelemetry is loaded', async () => {
    const script = `
      import { Module } from 'node:module';
      import { connect } from ${JSON.stringify(library)};
      const fairq = await connect({ uri: process.env.FAIRQ_URI, managementUri: process.env.FAIRQ_MANAGEMENT_URI });
      await fairq.publisher.send('none', 'a', 1, { traceparent: '${traceparent}' });
      const { completed } = await fairq.worker({ handlers: { a() {} }, queues: ['fairq.user.none'], exitWhen: 'empty' }).run();
      await fairq.close();
      const loaded = Object.keys(Module._cache).filter((file) => file.includes('opentelemetry'));
      console.log(JSON.stringify({ completed, loaded }));`;
    const said = await runScript(folder.file('none.mjs'), script, env);
    expect(said).toEqual({ completed: 1, loaded: [] });
  });
});
