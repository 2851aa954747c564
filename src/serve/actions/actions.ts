import type { BrokerAddress } from '../../broker/connection/address.js';
import type { QueueKind } from '../../broker/queues/topology.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import type { KeptObservations } from '../../run/queues/observation-file.js';
import { Acting, type ActionDone } from './acting.js';
import { DeadActions } from './dead-actions.js';
import { QueueActions } from './one-queue.js';
import { PlanTokens } from './plan-token.js';
import { PolicyAction } from './policy-action.js';
import { PruneAction } from './prune-action.js';
import { RememberedObservations } from './remembered-observations.js';

export interface ActionsDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Where looks at the queues are kept: a queue is known to be idle by what was seen before. */
  readonly observations: KeptObservations;
  readonly onAction: (done: ActionDone) => void;
  readonly onWarning: (text: string) => void;
}

/** What operators may do: each plans first, and is carried out with the token of its plan. */
export class Actions {
  readonly queues: QueueActions;
  readonly prune: PruneAction;
  readonly dead: DeadActions;
  readonly policy: PolicyAction;
  readonly #acting: Acting;

  constructor(deps: ActionsDeps, queueKind: QueueKind) {
    const { address, names, clock, newId, observations, onWarning } = deps;
    this.#acting = new Acting(deps);
    const place = JSON.stringify([address.vhost, names.prefix]);
    const tokens = new PlanTokens(place, () => clock.epochMicros() / 1_000);
    const shared = { acting: this.#acting, tokens, names, clock, newId };
    this.queues = new QueueActions(shared);
    this.prune = new PruneAction(shared, new RememberedObservations(observations, onWarning), onWarning);
    this.dead = new DeadActions(shared, queueKind);
    this.policy = new PolicyAction(shared);
  }

  /** Resolves when all that was begun has ended. */
  close(): Promise<void> {
    return this.#acting.close();
  }
}
