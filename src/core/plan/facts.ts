import type { Span } from './figure.js';

/** What is measured of many queues. */
export type FactName =
  | 'idleBytes'
  | 'consumerBytes'
  | 'cpuAtRest'
  | 'makePerSecond'
  | 'publishPerSecond'
  | 'tasksPerSecond';

export type PlanQueueType = 'classic' | 'quorum';

/** One measured value: bytes of each queue, processors of all, or a speed with so many queues. */
export interface Fact {
  readonly of: FactName;
  readonly type: PlanQueueType;
  /** Of RabbitMQ, such as `3.10`. */
  readonly version: string;
  readonly queues: number;
  readonly value: number;
  readonly source: string;
}

/** Where measured values come from. */
export interface Source {
  readonly id: string;
  readonly measured: 'here' | 'before';
  /** UTC, `2026-11-24`. */
  readonly date: string;
  readonly machine: string;
  /** Versions of RabbitMQ. */
  readonly versions: readonly string[];
  readonly command: string;
  /** The page that has them, where one does. */
  readonly page?: string;
}

/** What is known of the broker, by what was measured. */
export class Facts {
  readonly #facts: readonly Fact[];

  /** @param here what was measured here: it goes before all that was measured before, for each thing by itself */
  constructor(
    before: readonly Fact[],
    private readonly here: readonly Fact[] = [],
  ) {
    this.#facts = [...before, ...here];
  }

  /** The values of one thing, those measured here alone where there are any. */
  of(name: FactName): readonly Fact[] {
    const here = this.here.filter((fact) => fact.of === name);
    return here.length > 0 ? here : this.#facts.filter((fact) => fact.of === name);
  }

  /** From the least to the most of one thing; undefined where it was never measured. */
  span(name: FactName): Span | undefined {
    return spanOf(this.of(name));
  }

  /** Were all of these measured here? */
  isFromHere(sources: readonly string[]): boolean {
    return sources.length > 0 && sources.every((id) => this.here.some(({ source }) => source === id));
  }

  /** Of each version, the value with the most queues: where they weigh more than the broker itself does. */
  ofMostQueues(name: FactName): readonly Fact[] {
    return [...byVersion(this.of(name)).values()].map((facts) => facts.at(-1)!);
  }
}

export function spanOf(values: readonly { value: number; source: string }[]): Span | undefined {
  if (values.length === 0) return undefined;
  const numbers = values.map(({ value }) => value);
  return {
    least: Math.min(...numbers),
    most: Math.max(...numbers),
    sources: [...new Set(values.map(({ source }) => source))],
  };
}

/** Facts by the broker's version, those with fewer queues first. */
export function byVersion(facts: readonly Fact[]): ReadonlyMap<string, readonly Fact[]> {
  const versions = new Map<string, Fact[]>();
  for (const fact of facts) {
    const of = versions.get(fact.version) ?? [];
    of.push(fact);
    versions.set(fact.version, of);
  }
  for (const of of versions.values()) of.sort((a, b) => a.queues - b.queues);
  return versions;
}
