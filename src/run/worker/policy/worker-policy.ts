import type { ControlMessage } from '../../../broker/control/control.js';
import { PolicyFeed } from '../../../broker/policy/policy-feed.js';
import { messageOf } from '../../../core/errors/errors.js';
import { BacklogEnds } from '../../policy/backlog-ends.js';
import type { TaskRun } from '../slots/task-run.js';
import type { ChannelDeps, WorkerDeps } from '../worker-contract.js';
import { goesBy } from './policy-answers.js';
import { type PolicyFigures, policyFigures } from './policy-figures.js';
import { Steering } from './steering.js';

export interface WorkerPolicyListener {
  onWarning(text: string): void;
  /** The worker cannot do what the policy says. */
  onFailure(error: Error): void;
}

/** Whose policy it is. */
export interface PolicyOwner {
  /** Id of the worker; `name` is for people. */
  readonly id: string;
  readonly name: string;
  /** What runs there. */
  running(): Iterable<TaskRun>;
  /** Whom a user belongs to; undefined: the worker knows no tenants. */
  readonly tenantOf?: ((user: string) => string) | undefined;
  /** Tells everybody. */
  tell(message: ControlMessage): void;
}

/** What operators have set, at a worker: it reads that before it consumes anything, follows it, and says what it goes by. */
export class WorkerPolicy {
  readonly steering: Steering;
  readonly #backlogEnds: BacklogEnds;
  /** Undefined until it is open. */
  #feed: PolicyFeed | undefined;
  #saidTenants = false;

  constructor(
    private readonly deps: ChannelDeps & Pick<WorkerDeps, 'management'>,
    private readonly owner: PolicyOwner,
    private readonly listener: WorkerPolicyListener,
  ) {
    const steered = {
      onApplied: () => this.#applied(),
      onFailure: (error: Error) => listener.onFailure(error),
    };
    this.steering = new Steering(deps.clock, steered, owner.tenantOf);
    const { connection, names, clock, management } = deps;
    this.#backlogEnds = new BacklogEnds({
      connection,
      names,
      policies: management.policies,
      nowMs: () => clock.epochMicros() / 1_000,
      onWarning: (text) => listener.onWarning(text),
    });
  }

  /** Resolves when all that is set counts, for the queues that are taken up from here on. */
  async open(): Promise<void> {
    const { connection, names } = this.deps;
    this.#feed = await PolicyFeed.open(connection, names, {
      onPolicy: (document) => {
        this.steering.apply(document);
        this.#backlogEnds.heard(document);
      },
      onUnreadable: (error) => {
        const why = `the policy cannot be read, and counts for nothing here: ${messageOf(error)}`;
        this.listener.onWarning(`${why}; grant this user read on "${names.policyStream}"`);
      },
      onWarning: (text) => this.listener.onWarning(text),
    });
  }

  /** The revision that the worker goes by; undefined where it cannot know. */
  get revision(): number | undefined {
    return this.#feed === undefined || this.#feed.isUnreadable ? undefined : this.steering.revision;
  }

  /** Somebody asks who goes by this revision. */
  asked(revision: number): void {
    if (this.steering.revision >= revision) this.#tell();
    // Where there was no stream so far, there may be one now. Its document is applied, and told then.
    else void this.#feed?.lookAgain();
  }

  /** For who watches the worker. */
  figures(): PolicyFigures {
    const users = Array.from(this.steering.queues, ({ lane }) => lane.user);
    return policyFigures(this.revision, this.steering, users, this.owner.running());
  }

  async close(): Promise<void> {
    this.steering.close();
    this.#backlogEnds.close();
    await this.#feed?.close();
  }

  #applied(): void {
    this.#tell();
    if (this.#saidTenants || !this.steering.passesTenantsOver) return;
    this.#saidTenants = true;
    this.listener.onWarning(
      'something is set for tenants, and counts for nothing here: this worker does not know whom users belong to; start it with --tenant-of',
    );
  }

  #tell(): void {
    if (this.revision === undefined) return;
    this.owner.tell(goesBy(this.owner, this.steering, this.owner.running()));
  }
}
