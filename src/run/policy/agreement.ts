import { ROLL_CALL_MS } from '../../broker/control/control.js';
import type { PausedUser } from '../../broker/control/policy-messages.js';
import type { Management } from '../../broker/management/management.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { type Names, WORKER_CONNECTION } from '../../core/queues/names.js';
import type { LateWorker } from '../../core/reports/policy-report.js';
import type { HeardWorker, PolicyWorkers } from './policy-workers.js';

/** The broker's list of connections is up to five seconds old. */
const LIST_EVERY_MS = 1_000;
const ASK_EVERY_MS = 500;

/** A worker that goes by the revision. */
export interface AgreedWorker {
  readonly name: string;
  readonly revision: number;
  /** Paused users of whom tasks still run there. */
  readonly paused: readonly PausedUser[];
}

export interface Agreement {
  readonly revision: number;
  readonly agreed: readonly AgreedWorker[];
  readonly late: readonly LateWorker[];
}

export interface AgreementDeps {
  readonly workers: Pick<PolicyWorkers, 'heard' | 'ask' | 'change'>;
  readonly management: Pick<Management, 'clientNames' | 'consumers' | 'boundQueues'>;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
}

/**
 * Waits until every known worker goes by this revision. Known are those that were heard in the last ten seconds, and those
 * that the broker lists as connected with this prefix, be they heard or not.
 *
 * @param isOfTenants it is about tenants: a worker that knows none does not go by it
 */
export async function agreement(
  deps: AgreementDeps,
  revision: number,
  timeoutMs: number,
  isOfTenants = false,
): Promise<Agreement> {
  const { workers, now } = deps;
  const begun = now();
  const connected = new ConnectedWorkers(deps);
  for (let askedAt = Number.NEGATIVE_INFINITY; ; ) {
    if (now() - askedAt >= ASK_EVERY_MS) {
      askedAt = now();
      workers.ask(revision);
    }
    const isRollCallOver = now() - begun >= ROLL_CALL_MS;
    const silent = await connected.silent(workers.heard, isRollCallOver);
    const { agreed, late } = sortOut(workers.heard, revision, isRollCallOver, isOfTenants);
    // Where the broker does not say who is connected, every worker that can speak has done so by then.
    const mayBeMore = silent === undefined && !isRollCallOver;
    const isAwaited =
      (silent ?? []).length > 0 || late.some(({ why }) => why !== 'older' && why !== 'no-tenants');
    const leftMs = begun + timeoutMs - now();
    if ((!mayBeMore && !isAwaited) || leftMs <= 0) {
      const names = (silent ?? []).map((name): LateWorker => ({ name, why: 'silent', revision: null }));
      return { revision, agreed, late: [...late, ...names] };
    }
    await workers.change(Math.min(ASK_EVERY_MS, leftMs));
  }
}

function sortOut(
  heard: readonly HeardWorker[],
  revision: number,
  isRollCallOver: boolean,
  isOfTenants: boolean,
): { agreed: AgreedWorker[]; late: LateWorker[] } {
  const agreed: AgreedWorker[] = [];
  const late: LateWorker[] = [];
  for (const { name, revision: by, ready, said } of heard) {
    if (by !== undefined && by >= revision && said !== undefined && said.revision >= revision) {
      if (isOfTenants && said.tenants === false) late.push({ name, why: 'no-tenants', revision: by });
      else agreed.push({ name, revision: by, paused: said.paused });
    } else if (by === undefined && ready) late.push({ name, why: 'older', revision: null });
    // It may have been heard since, and not asked yet.
    else if (by !== undefined && by >= revision && isRollCallOver)
      agreed.push({ name, revision: by, paused: [] });
    else late.push({ name, why: 'behind', revision: by ?? null });
  }
  return { agreed, late };
}

/** Workers that the broker lists as connected. */
class ConnectedWorkers {
  #listed: ReadonlyMap<string, string> | undefined;
  /** Connections that hear what is said under this prefix, as of the list; undefined until they are asked for. */
  #ours: ReadonlySet<string> | undefined;
  #isAllowed = true;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: AgreementDeps) {}

  /** Names of those that are connected and not heard; undefined where the broker does not say who is connected. */
  async silent(heard: readonly HeardWorker[], isRollCallOver: boolean): Promise<string[] | undefined> {
    const listed = await this.#list();
    if (listed === undefined) return undefined;
    const unheard = unheardOf(listed, heard);
    if (unheard.size === 0 || !isRollCallOver) return [...unheard.values()];
    this.#ours ??= await this.#ofThisPrefix();
    const ours = this.#ours;
    return [...unheard].flatMap(([connection, name]) => (ours.has(connection) ? [name] : []));
  }

  async #list(): Promise<ReadonlyMap<string, string> | undefined> {
    const { management, now } = this.deps;
    if (!this.#isAllowed || now() - this.#listedAt < LIST_EVERY_MS) return this.#listed;
    this.#listedAt = now();
    this.#ours = undefined;
    this.#listed = await ifAllowed(management.clientNames());
    this.#isAllowed = this.#listed !== undefined;
    return this.#listed;
  }

  async #ofThisPrefix(): Promise<ReadonlySet<string>> {
    const { management, names } = this.deps;
    const [bound, consumers] = await Promise.all([
      management.boundQueues(names.controlExchange),
      management.consumers(),
    ]);
    return new Set(consumers.filter(({ queue }) => bound.has(queue)).map(({ connection }) => connection));
  }
}

/** Several workers may have one name: as many are taken for heard as were heard. */
function unheardOf(listed: ReadonlyMap<string, string>, heard: readonly HeardWorker[]): Map<string, string> {
  const left = new Map<string, number>();
  for (const { name } of heard) left.set(name, (left.get(name) ?? 0) + 1);
  const unheard = new Map<string, string>();
  for (const [connection, client] of listed) {
    if (!client.startsWith(WORKER_CONNECTION)) continue;
    const name = client.slice(WORKER_CONNECTION.length);
    const count = left.get(name) ?? 0;
    if (count > 0) left.set(name, count - 1);
    else unheard.set(connection, name);
  }
  return unheard;
}
