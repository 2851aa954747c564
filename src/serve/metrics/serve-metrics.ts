import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { holds } from '../../core/policy/policy.js';
import { LIMIT_NAMES } from '../../core/policy/policy-document.js';
import type { FollowedPolicy } from '../policy/followed-policy.js';
import type { Sending } from '../tasks/sending.js';

/** From an answer out of memory to the longest wait. Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a server tells Prometheus of itself. */
export class ServeMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #seconds: Histogram;

  /**
   * @param trouble why no task can be sent now; undefined where it can
   * @param nowMs milliseconds since the epoch
   */
  constructor(
    sending: Pick<Sending, 'unconfirmed'>,
    trouble: () => string | undefined,
    policy: Pick<FollowedPolicy, 'known'>,
    nowMs: () => number,
  ) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: 'fairq_http_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'fairq_http_request_seconds',
      help: 'From a request to the head of its answer, seconds.',
      labelNames: ['operation'],
      buckets: BUCKETS,
      registers,
    });
    new Gauge({
      name: 'fairq_http_unconfirmed_tasks',
      help: 'Tasks that the broker has not confirmed.',
      registers,
      collect() {
        this.set(sending.unconfirmed);
      },
    });
    new Gauge({
      name: 'fairq_http_ready',
      help: '1 where tasks can be sent, else 0.',
      registers,
      collect() {
        this.set(trouble() === undefined ? 1 : 0);
      },
    });
    new Gauge({
      name: 'fairq_policy_revision',
      help: 'The newest revision of the policy that it knows; 0 where nothing was ever set.',
      registers,
      collect() {
        this.set(policy.known.document.revision);
      },
    });
    new Gauge({
      name: 'fairq_policy_rules',
      help: 'Rules, each for a user, a glob or a tenant, that set this now.',
      labelNames: ['limit'],
      registers,
      collect() {
        const { rules } = policy.known.document;
        const now = nowMs();
        for (const limit of LIMIT_NAMES) {
          this.set({ limit }, rules.filter(({ limits }) => holds(limits[limit], now)).length);
        }
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @param operation its path in the API, such as `/v1/tasks/{id}` */
  answered(operation: string, status: number, seconds: number): void {
    this.#requests.inc({ operation, status });
    this.#seconds.observe({ operation }, seconds);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
