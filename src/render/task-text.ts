import type { HeldBack, TaskState } from '../core/events/task-state.js';
import { WrittenJson } from '../core/values/written-json.js';
import { formatCount, formatDuration } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle } from './parts/style.js';

/** Of a result so many characters are shown; `--json` has all of it. */
const RESULT_SHOWN = 2_000;

/** @param now microseconds since the epoch, as all times */
export function renderTask(state: TaskState, now: number, style: TextStyle): string {
  const safe = (text: string) => safeText(text, style.unicode);
  const rows: [string, string | undefined][] = [
    ['state', taskLine(state, now, style)],
    ['user', state.user === undefined ? undefined : safe(state.user)],
    ['run', state.run ? safe(state.run) : undefined],
    ['task', state.task ? safe(state.task) : undefined],
    ['queue', state.queue === undefined ? undefined : safe(state.queue)],
    ['worker', state.worker === undefined ? undefined : safe(state.worker)],
    ['sent', ago(state.enqueued, now)],
    ['started', started(state)],
    ['ended', ended(state)],
    ['trace', state.traceparent],
    ['result', resultText(state, style)],
    ['reason', state.error === undefined ? undefined : safe(state.error)],
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`${paint('strong', name.padEnd(9), style)}${value}`],
  );
  return [`task ${safe(state.id)}`, ...lines].join('\n');
}

/** In one line: the state, and what is to be known with it. */
export function taskLine(state: TaskState, now: number, style: TextStyle): string {
  const attempt =
    state.attempt === undefined || state.attempt === 1 ? '' : `, attempt ${formatCount(state.attempt)}`;
  switch (state.state) {
    case 'queued':
      if (state.due !== undefined && state.due > now)
        return `queued: it is due in ${duration(state.due - now)}`;
      return state.heldBack === undefined
        ? 'queued: no worker that answers runs it' // one that a task blocks answers nobody, and may run it
        : heldBack(state.heldBack, now, style);
    case 'started':
      return `started${attempt}, runs since ${duration(now - (state.started ?? now))} at ${safeText(state.worker ?? '', style.unicode)}`;
    case 'retrying': {
      const left = state.retryAt === undefined ? 0 : state.retryAt - now;
      const next = left > 0 ? `, the next one is due in ${duration(left)}` : ', the next one is due';
      return `retrying: attempt ${formatCount(state.attempt ?? 1)} failed${next}`;
    }
    case 'done': {
      const kept =
        state.expires === undefined ? '' : `, its result is kept for ${duration(state.expires - now)}`;
      return `${paint('strong', 'done', style)}${attempt}${kept}`;
    }
    case 'failed': {
      const attempts = state.attempt === 1 ? '1 attempt' : `${formatCount(state.attempt ?? 1)} attempts`;
      const reason = state.error === undefined ? '; "fairq dead show" may still know why' : '';
      return `${paint('alarm', 'failed', style)} for good after ${attempts}${reason}`;
    }
    case 'expired':
      return `expired: it is done${attempt}, and its result is no longer kept (worker --result-ttl)`;
    case 'unknown':
      return 'unknown';
  }
}

/** For how long at the most, as far as that can be known. */
function heldBack({ worker, until, ahead, deaths }: HeldBack, now: number, style: TextStyle): string {
  const why = whyHeldBack(deaths);
  const when = until > now ? `It is next in ${duration(until - now)} at the latest` : 'It is next';
  const after = ahead === 0 ? '' : `, after ${formatCount(ahead)} that may go before it, one at a time`;
  return `queued, held back at ${safeText(worker, style.unicode)}: ${why}. ${when}${after}`;
}

function whyHeldBack(deaths: number | undefined): string {
  if (deaths === undefined) return 'a worker that had started it is gone';
  if (deaths === 0) return 'the worker that had started it lives';
  return `${formatCount(deaths)} ${deaths === 1 ? 'worker' : 'workers'} died while it ran`;
}

function started({ enqueued, started }: TaskState): string | undefined {
  if (started === undefined || enqueued === undefined) return undefined;
  return `${duration(started - enqueued)} after that`;
}

function ended({ started, finished }: TaskState): string | undefined {
  if (started === undefined || finished === undefined) return undefined;
  return `${duration(finished - started)} after that`;
}

function resultText(
  { result, resultBase64, resultDropped }: TaskState,
  style: TextStyle,
): string | undefined {
  if (resultDropped !== undefined) return `not kept: ${safeText(resultDropped, style.unicode)}`;
  if (resultBase64 !== undefined) return `base64 ${resultBase64.slice(0, RESULT_SHOWN)}`;
  if (result === undefined) return undefined;
  const text = result instanceof WrittenJson ? result.text : JSON.stringify(result);
  const shown =
    text.length > RESULT_SHOWN
      ? `${text.slice(0, RESULT_SHOWN)} and ${formatCount(text.length - RESULT_SHOWN)} characters more (--json)`
      : text;
  return safeText(shown, style.unicode);
}

function ago(at: number | undefined, now: number): string | undefined {
  return at === undefined ? undefined : `${duration(now - at)} ago`;
}

/** @param micros below 0 where clocks differ */
function duration(micros: number): string {
  return formatDuration(Math.max(0, micros) / 1000);
}
