import { byVersion, type Facts, spanOf } from './facts.js';
import { type Figure, reckoned, type Span, unknown } from './figure.js';

const NOT_MEASURED = 'nobody has measured it for this type of queue and version';

/** The broker's memory for so many queues. */
export function memory(facts: Facts, queues: number, withWorker: boolean): Figure {
  const idle = facts.span('idleBytes');
  const consumer = facts.span('consumerBytes');
  if (idle === undefined || (withWorker && consumer === undefined)) return unknown('bytes', NOT_MEASURED);
  if (!withWorker) return reckoned('bytes', 'memory', times(queues, idle));
  return reckoned('bytes', 'memory-worker', times(queues, plus(idle, consumer!)));
}

/** What the broker uses of its processors while nothing happens and a worker consumes all queues. */
export function processorAtRest(facts: Facts, queues: number): Figure {
  const each = facts.ofMostQueues('cpuAtRest').map((fact) => ({
    value: fact.value / fact.queues,
    source: fact.source,
  }));
  const span = spanOf(each);
  if (span === undefined) return unknown('processors', NOT_MEASURED);
  return reckoned('processors', 'processor', times(queues, span));
}

/** Queues that can be made in a second, so many users without one can be published to. */
export function made(facts: Facts): Figure {
  return measured('perSecond', facts, facts.span('makePerSecond'));
}

/** How long it takes until so many queues are made. */
export function makeAll(facts: Facts, queues: number): Figure {
  const rate = facts.span('makePerSecond');
  if (rate === undefined) return unknown('ms', NOT_MEASURED);
  const { least, most, sources } = rate;
  return reckoned('ms', 'make-all', {
    least: (queues / most) * 1_000,
    most: (queues / least) * 1_000,
    sources,
  });
}

/** Tasks published in a second into queues that are there: with the number of queues that is nearest to so many. */
export function published(facts: Facts, queues: number): Figure {
  const all = facts.of('publishPerSecond');
  const distance = (of: number) => Math.abs(Math.log(of / queues));
  const nearest = Math.min(...all.map((fact) => distance(fact.queues)));
  const span = spanOf(all.filter((fact) => distance(fact.queues) === nearest));
  if (span === undefined || nearest === 0) return measured('perSecond', facts, span);
  return reckoned('perSecond', 'publish-nearest', span);
}

/**
 * Tasks of no time that one worker works off in a second, where they wait in so many queues. Beyond what was measured
 * the least is not known.
 */
export function workedOff(facts: Facts, queues: number): Figure {
  const found = [...byVersion(facts.of('tasksPerSecond')).values()].map((of) => speedWith(of, queues));
  const span = spanOf(found);
  if (span === undefined) return unknown('perSecond', NOT_MEASURED);
  if (found.every(({ how }) => how === 'measured')) return measured('perSecond', facts, span);
  if (found.some(({ how }) => how === 'work-most')) {
    return {
      ...reckoned('perSecond', 'work-most', span),
      least: null,
      unknownBecause: 'nobody has measured so many queues',
    };
  }
  const how = found.some((one) => one.how === 'work-between') ? 'work-between' : 'work-fewest';
  return reckoned('perSecond', how, span);
}

interface Speed {
  readonly value: number;
  readonly source: string;
  readonly how: 'measured' | 'work-between' | 'work-fewest' | 'work-most';
}

/** @param of with fewer queues first, at least one */
function speedWith(
  of: readonly { readonly queues: number; readonly value: number; readonly source: string }[],
  queues: number,
): Speed {
  const more = of.find((fact) => fact.queues >= queues);
  const fewer = of.findLast((fact) => fact.queues <= queues);
  if (more === undefined) return { ...fewer!, how: 'work-most' };
  if (fewer === undefined) return { ...more, how: 'work-fewest' };
  if (more.queues === fewer.queues) return { ...more, how: 'measured' };
  const part = Math.log(queues / fewer.queues) / Math.log(more.queues / fewer.queues);
  return { ...more, value: fewer.value * (more.value / fewer.value) ** part, how: 'work-between' };
}

function measured(unit: Figure['unit'], facts: Facts, span: Span | undefined): Figure {
  if (span === undefined) return unknown(unit, NOT_MEASURED);
  const origin = facts.isFromHere(span.sources) ? 'measured-here' : 'measured-before';
  return { unit, ...span, origin, formula: null };
}

function times(factor: number, { least, most, sources }: Span): Span {
  return { least: factor * least, most: factor * most, sources };
}

function plus(a: Span, b: Span): Span {
  return {
    least: a.least + b.least,
    most: a.most + b.most,
    sources: [...new Set([...a.sources, ...b.sources])],
  };
}
