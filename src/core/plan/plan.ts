import { PROMOTE_AFTER } from '../scheduling/tuning.js';
import {
  type DesignFigures,
  figuresOf,
  inHashedGroups,
  type PlanDesign,
  withAQueueEach,
  withPromotion,
} from './design.js';
import { type Fact, Facts, type Source } from './facts.js';
import { burstMs, busySlots, type PlanLoad } from './load.js';
import { measuredBefore, SOURCES_BEFORE } from './measured-before.js';
import { type Recommendation, recommended } from './recommendation.js';

export interface DesignPlan {
  readonly design: PlanDesign;
  /** As it is called on the command line: `user`, `hash:64`, `shared:64`. */
  readonly units: string;
  readonly figures: DesignFigures;
}

export interface Plan {
  readonly load: PlanLoad;
  /** Prefetched tasks of one user that promote it. */
  readonly promotesAfter: number;
  /** Slots that the tasks keep busy on average. */
  readonly busySlots: number;
  /** How long all slots run the tasks of one burst. */
  readonly burstMs: number;
  readonly designs: readonly DesignPlan[];
  readonly recommendation: Recommendation;
  readonly sources: readonly Source[];
}

/** What was measured here, and where and when. */
export interface MeasuredHere {
  readonly facts: readonly Fact[];
  readonly source: Source;
}

/** @param version of RabbitMQ, such as `3.10`, that was measured before; all of them where it is undefined */
export function planFor(load: PlanLoad, version?: string, here?: MeasuredHere): Plan {
  const facts = new Facts(measuredBefore(load.queueType, version), here?.facts);
  const each = withAQueueEach(load, facts);
  const hashed = inHashedGroups(load, facts);
  const promoted = withPromotion(load, facts);
  const designs: readonly DesignPlan[] = [
    { design: 'each', units: 'user', figures: each },
    { design: 'hashed', units: `hash:${load.shared}`, figures: hashed },
    { design: 'promoted', units: `shared:${load.shared}`, figures: promoted },
  ];
  const used = new Set(
    designs.flatMap(({ figures }) => figuresOf(figures).flatMap(({ sources }) => sources)),
  );
  const before = SOURCES_BEFORE.map((source) => ({
    ...source,
    versions: source.versions.filter((one) => version === undefined || one === version),
  }));
  const sources = [...before, ...(here === undefined ? [] : [here.source])];
  return {
    load,
    promotesAfter: PROMOTE_AFTER,
    busySlots: busySlots(load),
    burstMs: burstMs(load),
    designs,
    recommendation: recommended(load, { each, hashed, promoted }),
    sources: sources.filter(({ id }) => used.has(id)),
  };
}
