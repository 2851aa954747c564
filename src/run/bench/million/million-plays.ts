import { Management } from '../../../broker/management/management.js';
import { plainRates } from '../../../broker/plain/plain-client.js';
import type {
  BurstResult,
  CrowdResult,
  IdleUsersResult,
  MillionSizes,
  NewUsersResult,
} from '../../../core/reports/million-report.js';
import type { PublishReport } from '../../../core/reports/publish-report.js';
import { settledMemory } from '../cost/broker-load.js';
import { type Case, Trial, type TrialDeps, type TrialResult } from '../trial.js';
import { TrialVhost } from '../trial-vhost.js';
import { burstLoad, crowdLoad, isHeavy } from './loads.js';
import { meanRates, p95SinceBegin, promotedBy, workRate } from './million-measures.js';
import { SLOTS } from './sizes.js';

/** What one play came to, and its report. */
export interface Play<R> {
  readonly result: R;
  readonly reports: readonly TrialResult['report'][];
}

/** One worker with the usual slots, as `npm run ceiling` has it. */
const ONE_WORKER = { workers: 1, concurrency: 10 };
/** Users with at most so many tasks are light, whatever they share. */
const FEW_TASKS = 10;

/** Plays the loads of `bench million` for one way to have queues, each in a vhost of its own. */
export class MillionPlays {
  constructor(
    private readonly deps: TrialDeps,
    private readonly how: Case,
    private readonly sizes: MillionSizes,
  ) {}

  /**
   * Publishes for users that nobody has seen, and works that off. The plainest client does the same just before and just
   * after, since other programs do not keep a machine busy evenly.
   */
  async newUsers(): Promise<Play<NewUsersResult>> {
    const { newUsers, tasksEach } = this.sizes;
    this.deps.onStep(`${this.how.variant}: plain amqplib`);
    const before = await this.#plain(newUsers * tasksEach);
    let published: PublishReport | undefined;
    const trial = await this.#play(ONE_WORKER, async (one) => {
      published = await one.publish({ users: newUsers, count: tasksEach });
      await one.workToTheEnd();
    });
    this.deps.onStep(`${this.how.variant}: plain amqplib`);
    const plain = meanRates(before, await this.#plain(newUsers * tasksEach));
    const { queues, report, workerReports } = trial;
    const result = {
      queues,
      publishPerSecond: published?.perSecond ?? 0,
      workPerSecond: workRate(report.completed, workerReports),
      startUpSeconds: Math.max(0, ...workerReports.map(({ startUpSeconds }) => startUpSeconds ?? 0)),
      jainAtHalf: report.fairness.jainAtHalf,
      plain,
    };
    return { result, reports: [report] };
  }

  /** What users cost the broker who had a task each, long done. */
  async idle(): Promise<Play<IdleUsersResult>> {
    const management = new Management(this.deps.address);
    try {
      this.deps.onStep(`${this.how.variant}: the broker's memory, empty`);
      const empty = await settledMemory(management);
      let idle: number | null = null;
      const { queues, report } = await this.#play(ONE_WORKER, async (one) => {
        await one.publish({ users: this.sizes.idleUsers, count: 1 });
        await one.workToTheEnd();
        this.deps.onStep(`${this.how.variant}: the broker's memory, with idle users`);
        idle = await settledMemory(management);
      });
      const memoryBytes = empty === null || idle === null ? null : Math.max(0, idle - empty);
      return { result: { queues, memoryBytes }, reports: [report] };
    } finally {
      await management.close();
    }
  }

  /** Light users with and without somebody who has sent a burst before. No publisher knows how much it will be. */
  async burst(): Promise<Play<BurstResult>> {
    const isLight = (user: string) => !isHeavy(user);
    const quiet = await this.#scheduled(false);
    const loud = await this.#scheduled(true);
    const result = {
      lightP95Ms: p95SinceBegin(loud, isLight),
      quietP95Ms: p95SinceBegin(quiet, isLight),
      jainAtHalf: loud.report.fairness.jainAtHalf,
      promotions: promotedBy(loud.workerReports),
    };
    return { result, reports: [quiet.report, loud.report] };
  }

  async crowd(seed: number): Promise<Play<CrowdResult>> {
    const trial = await this.#play(ONE_WORKER, async (one) => {
      await one.publishSchedule(crowdLoad(this.sizes, seed));
      await one.workToTheEnd();
    });
    const { queues, report, workerReports } = trial;
    const light = new Set(report.users.filter(({ tasks }) => tasks <= FEW_TASKS).map(({ user }) => user));
    const result = {
      users: report.users.length,
      queues,
      jainAtHalf: report.fairness.jainAtHalf,
      lightP95Ms: p95SinceBegin(trial, (user) => light.has(user)),
      promotions: promotedBy(workerReports),
    };
    return { result, reports: [report] };
  }

  async #plain(messages: number): Promise<NewUsersResult['plain']> {
    const vhost = new TrialVhost(this.deps.address, `fairq-bench-${this.deps.newId()}`);
    const ended = new AbortController();
    await vhost.make();
    try {
      return await Promise.race([plainRates(vhost.address, messages, ended.signal), this.deps.interrupted]);
    } finally {
      ended.abort();
      await vhost.remove();
    }
  }

  async #scheduled(withBurst: boolean): Promise<TrialResult> {
    return this.#play(SLOTS, async (one) => {
      await one.publishSchedule(burstLoad(this.sizes, withBurst));
      await one.workToTheEnd();
    });
  }

  async #play(
    slots: { readonly workers: number; readonly concurrency: number },
    script: (trial: Trial) => Promise<void>,
  ): Promise<TrialResult> {
    return Trial.play(this.deps, { ...this.how, ...slots, weightOf: undefined }, script);
  }
}
