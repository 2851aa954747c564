import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { flushSpans } from '../../../src/tracing/flush-spans.js';
import { activeTrace, openTelemetry, spanContextOf, traceOf } from '../../../src/tracing/open-telemetry.js';
import { sendWithin } from '../../../src/tracing/send-span.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
const TASK = { id: 'an id', type: 'look', user: 'ann', run: 'r', attempt: 1, queue: 'q' };

function register(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  return exporter;
}

afterEach(() => {
  trace.disable();
  context.disable();
});

describe('the API of OpenTelemetry', () => {
  it('is there as long as a provider of traces is registered', () => {
    expect(openTelemetry()).toBeUndefined();
    register();
    expect(openTelemetry()).toBeDefined();
    trace.disable();
    expect(openTelemetry()).toBeUndefined();
  });

  it('has no active trace where there is no provider, or no span', () => {
    expect(activeTrace()).toBeUndefined();
    register();
    expect(activeTrace()).toBeUndefined();
    trace.getTracer('t').startActiveSpan('s', (span) => {
      expect(activeTrace()?.traceparent).toContain(span.spanContext().spanId);
    });
  });

  it('gives back what a message says', () => {
    register();
    const api = openTelemetry()!;
    for (const said of [
      { traceparent },
      { traceparent: traceparent.replace(/01$/, '00'), tracestate: 'a=1,b=2' },
    ]) {
      expect(traceOf(api, api.trace.wrapSpanContext(spanContextOf(api, said)))).toEqual(said);
    }
  });
});

describe('the span of a send', () => {
  const active = async (given: string | undefined) => {
    const exporter = register();
    const api = openTelemetry()!;
    let sent: string | undefined;
    await api.trace.getTracer('t').startActiveSpan('active', async (span) => {
      const about = given?.replace('ACTIVE', span.spanContext().traceId);
      const said = about === undefined ? undefined : { traceparent: about };
      await sendWithin(api, TASK, said, async (its) => {
        sent = its?.traceparent;
      });
      span.end();
    });
    const [send, outer] = exporter.getFinishedSpans();
    expect(sent).toBe(`00-${send!.spanContext().traceId}-${send!.spanContext().spanId}-01`);
    return { parent: send!.parentSpanContext?.spanId, outer: outer!.spanContext().spanId };
  };

  it('is a child of the active span, unless another trace is named', async () => {
    const unnamed = await active(undefined);
    expect(unnamed.parent).toBe(unnamed.outer);
  });

  it('is a child of the active span where its own trace is named', async () => {
    const own = await active('00-ACTIVE-00f067aa0ba902b7-01');
    expect(own.parent).toBe(own.outer);
  });

  it('is a child of what is named where that is another trace', async () => {
    expect((await active(traceparent)).parent).toBe('00f067aa0ba902b7');
  });

  it('ends with an error where the task is not sent, which is thrown on', async () => {
    const exporter = register();
    const failed = new Error('no broker');
    const sending = sendWithin(openTelemetry()!, TASK, undefined, () => Promise.reject(failed));
    await expect(sending).rejects.toBe(failed);
    expect(exporter.getFinishedSpans()[0]).toMatchObject({ status: { code: 2, message: 'no broker' } });
  });
});

describe('spans that were not handed on', () => {
  it('are handed on at the end, and nothing is waited for where there is no SDK', async () => {
    await flushSpans();
    let flushed = 0;
    const processor = {
      onStart: () => {},
      onEnd: () => {},
      shutdown: async () => {},
      forceFlush: async () => {
        flushed++;
      },
    };
    new NodeTracerProvider({ spanProcessors: [processor] }).register();
    await flushSpans();
    expect(flushed).toBe(1);
  });
});
