import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { messageOf } from '../../core/errors/errors.js';
import type { TopSample } from '../../core/top/top-sample.js';
import { afterKey, askedAbout, FIRST_VIEW, type TopQuestion, type TopView } from '../../core/top/top-view.js';
import { idGenerator } from '../../process/identity.js';
import { renderTop } from '../../render/top-text.js';
import { Top } from '../../run/top/top.js';
import { groupingFrom } from '../flags/group-by.js';
import { tenantsFrom } from '../flags/tenant-flags.js';
import { weightsFrom } from '../flags/weight-flags.js';
import type { CommandResult, Context } from '../shared/context.js';
import { untilStopped } from '../shared/endless.js';
import type { Pause } from '../shared/pause.js';
import { FOREVER, reconnecting } from '../shared/reconnecting.js';
import { steerRow } from './steer-row.js';
import type { TopFlags } from './top-command.js';

/** Another screen, from whose upper left corner all is drawn; no cursor. And back. */
const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l';

const LEAVE_SCREEN = '\u001b[?25h\u001b[?1049l';

const HOME = '\u001b[H';

const REST_OF_LINE = '\u001b[K';

const REST_OF_SCREEN = '\u001b[J';

/** How many samples have been shown, and what ends the wait for the next. */
interface Samples {
  readonly pause: Pause;
  samples: number;
}

export function top(flags: TopFlags, context: Context): Promise<CommandResult> {
  let taken: Samples | undefined;
  const end = (): CommandResult => {
    const samples = taken?.samples ?? 0;
    return {
      document: { schemaVersion: 1, kind: 'top-end', samples },
      text: () => '',
      // What would go on for ever has an orderly end when it is told to stop.
      endsAs: samples < (flags.samples ?? 0) ? 'interrupted' : undefined,
    };
  };
  return untilStopped(context, end, async (pause) => {
    taken = { pause, samples: 0 };
    await show(taken, flags, context);
    return end();
  });
}

async function show(taken: Samples, flags: TopFlags, context: Context): Promise<void> {
  const weights = await weightsFrom(flags);
  const { groupOf } = await groupingFrom(flags);
  const tenants = await tenantsFrom(flags);
  const config = await context.config();
  const management = new Management(config.address);
  const connection = await openConnection(
    config.address,
    'fairq top',
    reconnecting(context, config, { resumption: 'the figures begin anew', usually: FOREVER }),
  );
  const asking = await openConnection(config.address, 'fairq top, asking what runs', {
    reconnectForMs: FOREVER,
  });
  try {
    const source = await Top.open({
      connection,
      asking,
      management,
      names: config.names,
      now: () => performance.now(),
      epochMs: () => context.clock.epochMicros() / 1_000,
      weightOf: (user) => weights.find(user).weight,
      rowOf: (user) => groupOf(user) ?? user,
      newId: idGenerator(context),
      tenants: tenants && {
        tenantOf: tenants.rule.tenantOf,
        weightOf: (tenant) => tenants.weights.find(tenant).weight,
      },
    });
    const watch =
      context.io.stdoutIsTerminal && context.io.stdinIsTerminal && !context.json ? onScreen : asLines;
    const steer = (question: TopQuestion) =>
      steerRow(question, context, { connection, management }, config.names);
    await Promise.race([watch(source, taken, flags, context, steer), connection.lost]);
    source.close();
  } finally {
    await Promise.all([connection.close(), asking.close()]);
    await management.close(); // a listing may be under way
  }
}

/** A JSON object a line. */
async function asLines(
  source: Top,
  taken: Samples,
  { interval, samples = Number.POSITIVE_INFINITY }: TopFlags,
  context: Context,
): Promise<void> {
  const { pause } = taken;
  context.io.onReaderGone(() => pause.end());
  while (!pause.ended && taken.samples < samples) {
    await pause.wait(interval);
    const sample = pause.ended ? undefined : await pause.orEnd(source.sample());
    if (sample === undefined) break;
    await context.io.out(`${JSON.stringify({ schemaVersion: 1, kind: 'top', ...sample })}\n`);
    taken.samples++;
  }
}

/**
 * In place, and led by keys. Whatever ends it, the terminal is as it was: keys are read raw only in between, and
 * what undoes the screen is written even where the process ends at once.
 */
async function onScreen(
  source: Top,
  taken: Samples,
  { interval, samples = Number.POSITIVE_INFINITY }: TopFlags,
  context: Context,
  steer: (question: TopQuestion) => Promise<string>,
): Promise<void> {
  const { io } = context;
  const { pause } = taken;
  let view: TopView = FIRST_VIEW;
  let sample: TopSample | undefined;
  const draw = () => {
    if (sample === undefined || pause.ended) return;
    const style = { ...context.style, columns: Math.max(20, io.columns) };
    const lines = renderTop(sample, view, style, io.rows);
    void io.out(`${HOME}${lines.map((line) => line + REST_OF_LINE).join('\n')}${REST_OF_SCREEN}`);
  };
  const say = (said: string) => {
    view = { ...view, asking: undefined, said };
    draw();
  };
  const carryOut = (question: TopQuestion) => {
    say(question.verb === 'pause' ? `pausing ${question.name}` : `resuming ${question.name}`);
    steer(question)
      .then((said) => {
        source.policyChanged();
        say(said);
        return drawSample();
      })
      // What ends a sample here ends the next one too, if it is not over by then.
      .catch((error) => say(messageOf(error)));
  };
  const screen = io.takeTerminal(ENTER_SCREEN, LEAVE_SCREEN, {
    onKey: (key) => {
      const next = afterKey(view, key);
      if (next === 'quit') {
        pause.end();
      } else if (next === 'list') {
        source
          .listNow()
          .then(drawSample)
          .catch(() => {}); // the next sample meets that as well, and ends
      } else if (next === 'confirmed') {
        carryOut(view.asking!);
      } else {
        if (next !== 'pause' && next !== 'resume') view = next;
        else if (sample !== undefined) view = askedAbout(view, sample, next);
        draw();
      }
    },
    onResize: draw,
    onGone: () => pause.end(),
  });
  const drawSample = async () => {
    sample = await source.sample();
    draw();
    return sample;
  };
  try {
    while (!pause.ended && taken.samples < samples) {
      if (!view.paused || sample === undefined) {
        if ((await pause.orEnd(drawSample())) === undefined) break;
        taken.samples++;
      }
      await pause.wait(interval);
    }
  } finally {
    screen.release();
  }
}
