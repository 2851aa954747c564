import { setTimeout as delay } from 'node:timers/promises';
import { openTelemetry } from './open-telemetry.js';

/** What collects spans may be away. */
const WITHIN_MS = 3_000;

/** An SDK's provider, as far as this asks it for something that the API does not name. */
interface Provider {
  getDelegate?(): Provider;
  forceFlush?(): Promise<void>;
}

/** Hands on the spans that an SDK has collected and not sent: whoever ends the process asks for it. */
export async function flushSpans(): Promise<void> {
  const registered = openTelemetry()?.trace.getTracerProvider() as Provider | undefined;
  const provider = registered?.getDelegate?.() ?? registered;
  if (provider?.forceFlush === undefined) return;
  const late = new AbortController();
  // The SDK itself reports what it cannot send.
  const flushed = provider.forceFlush().catch(() => {});
  await Promise.race([flushed, delay(WITHIN_MS, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
}
