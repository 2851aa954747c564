import { Gauge, type Registry } from 'prom-client';
import { LIMIT_NAMES } from '../../../core/policy/policy-document.js';
import type { PolicyFigures } from '../policy/policy-figures.js';

/** What operators have set, as figures that name no user: so there is one series for each kind of setting. */
export function addPolicyMetrics(registers: Registry[], figures: () => PolicyFigures): void {
  new Gauge({
    name: 'fairq_policy_revision',
    help: 'The revision of the policy that it goes by; 0 where nothing was ever set, -1 where it cannot read it.',
    registers,
    collect() {
      this.set(figures().revision ?? -1);
    },
  });
  new Gauge({
    name: 'fairq_policy_users',
    help: 'Users whose queues it serves and for whom operators have set this.',
    labelNames: ['limit'],
    registers,
    collect() {
      const { users } = figures();
      for (const limit of LIMIT_NAMES) this.set({ limit }, users[limit]);
    },
  });
  new Gauge({
    name: 'fairq_capped_tasks_running',
    help: 'Tasks that run here of users with a cap.',
    registers,
    collect() {
      this.set(figures().cappedRunning);
    },
  });
}
