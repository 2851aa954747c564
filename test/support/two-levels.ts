import type { Lane, Tenant } from '../../src/core/scheduling/scheduler.js';
import { TenantScheduler } from '../../src/core/scheduling/tenant-scheduler.js';
import type { Random } from '../../src/core/values/random.js';
import { ServiceGaps } from './service-gaps.js';

interface Task {
  readonly tenant: number;
  readonly user: number;
}

interface Member {
  readonly name: string;
  readonly weight: number;
  /** Its gate says no. */
  shut: boolean;
  /** It was let go with credit before. */
  credited: boolean;
  largest: number;
}

interface Organisation extends Member {
  readonly users: readonly (Member & { readonly lane: Lane<Task> })[];
  readonly gaps: ServiceGaps;
  readonly tenant: Tenant;
}

const CREDIT = 16;

/**
 * Tenants with users that come, wait, are shut out on either level and go on, as chance has it. It throws where a user
 * or a tenant gains more than the bound on another of its level, where one starts that may not, or where nothing
 * starts though something may.
 */
export class TwoLevels {
  readonly #tenants: readonly Organisation[];
  readonly #gaps: ServiceGaps;
  readonly #scheduler: TenantScheduler<Task>;
  readonly #charges: number;
  #letGo = 0;

  constructor(
    private readonly random: Random,
    tenants: number,
    mostUsers: number,
  ) {
    this.#charges = this.#any([1, 100]);
    this.#scheduler = new TenantScheduler<Task>(
      (user) => user.split('/')[0]!,
      (user) => this.#userOf(user).weight,
      () => this.#charge,
    );
    this.#tenants = Array.from({ length: tenants }, (_, i) =>
      this.#organisation(`${i}`, 1 + this.#below(mostUsers)),
    );
    this.#gaps = new ServiceGaps(tenants, (a, b) => bound(this.#tenants[a]!, this.#tenants[b]!));
    const { tenants: steered } = this.#scheduler;
    steered.reweigh((name) => this.#tenants[Number(name)]!.weight);
    for (const tenant of this.#tenants) {
      const { users, name } = tenant;
      steered.setGate(steered.of(name), this.#gate(tenant));
      for (const user of users) {
        const lane = this.#scheduler.lane(`${name}/${user.name}`);
        this.#scheduler.setGate(lane, this.#gate(user));
        (user as { lane: Lane<Task> }).lane = lane;
      }
    }
  }

  #charge = 1;

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#step();
      this.#noteBacklogs();
      this.#checkCounts();
    }
  }

  #step(): void {
    const tenant = this.#tenants[this.#below(this.#tenants.length)]!;
    const user = tenant.users[this.#below(tenant.users.length)]!;
    const chance = this.random();
    if (chance < 0.6) this.#pick();
    else if (chance < 0.78) this.#arrive(tenant, user);
    else if (chance < 0.82) user.shut = true;
    else if (chance < 0.84) tenant.shut = true;
    else if (chance < 0.9) this.#letUserGo(user);
    else if (chance < 0.94) this.#letTenantGo(tenant);
    else if (chance < 0.97) this.#scheduler.takeBack(user.lane);
    else if (chance < 0.975) this.#scheduler.dropUnless(({ user: other }) => other !== Number(user.name));
    else this.#scheduler.note(this.#letGo);
  }

  #pick(): void {
    this.#charge = 1 + this.#below(this.#charges);
    const task = this.#scheduler.next();
    for (const [i, tenant] of this.#tenants.entries()) {
      if (!isReady(tenant)) this.#gaps.backlog(i, false);
      for (const [j, { lane }] of tenant.users.entries()) if (lane.blocked) tenant.gaps.backlog(j, false);
    }
    if (task === undefined) {
      const left = this.#tenants.find(
        (tenant) =>
          !tenant.shut && isReady(tenant) && tenant.users.some((one) => !one.shut && isWaiting(one)),
      );
      if (left !== undefined) throw new Error(`tenant ${left.name} may start a task, and none starts`);
      return;
    }
    const tenant = this.#tenants[task.tenant]!;
    const user = tenant.users[task.user]!;
    if (tenant.shut || user.shut)
      throw new Error(`a task of ${tenant.name}/${user.name} starts, which may not`);
    for (const one of [tenant, user]) one.largest = Math.max(one.largest, this.#charge);
    this.#gaps.served(task.tenant, this.#charge / tenant.weight);
    tenant.gaps.served(task.user, this.#charge / user.weight);
    this.#scheduler.gateOf(user.lane)!.ended();
    if (this.#letGo !== 0) throw new Error(`${this.#letGo} starts are not given back`);
  }

  #arrive(tenant: Organisation, user: Organisation['users'][number]): void {
    this.#scheduler.rest(user.lane);
    const task = { tenant: Number(tenant.name), user: Number(user.name) };
    for (let i = this.#below(20); i >= 0; i--) this.#scheduler.push(user.lane, task);
  }

  #letUserGo(user: Organisation['users'][number]): void {
    const credit = this.random() < 0.5;
    user.shut = false;
    if (!user.lane.blocked) return;
    if (credit) {
      user.credited = true;
      // Its tenant may have waited for nobody else.
      this.#tenants[Number(user.lane.tenant!.name)]!.credited = true;
    }
    this.#scheduler.letGo(user.lane, credit);
  }

  #letTenantGo(tenant: Organisation): void {
    const credit = this.random() < 0.5;
    tenant.shut = false;
    if (credit) tenant.credited = true;
    this.#scheduler.tenants.letGo(tenant.tenant, credit);
  }

  #noteBacklogs(): void {
    for (const [i, tenant] of this.#tenants.entries()) {
      this.#gaps.backlog(i, isReady(tenant));
      for (const [j, user] of tenant.users.entries()) tenant.gaps.backlog(j, isWaiting(user));
    }
  }

  #checkCounts(): void {
    let [prefetched, startable] = [0, 0];
    for (const { users, tenant } of this.#tenants) {
      for (const { lane } of users) {
        prefetched += lane.prefetched.size;
        if (!tenant.blocked && !lane.blocked) startable += lane.prefetched.size;
      }
    }
    const counted = [this.#scheduler.prefetched, this.#scheduler.startable];
    if (counted[0] !== prefetched || counted[1] !== startable) {
      throw new Error(`counted ${counted}, not ${prefetched} and ${startable}`);
    }
  }

  #gate(member: Member) {
    return {
      take: () => {
        if (member.shut) return false;
        this.#letGo++;
        return true;
      },
      ended: () => this.#letGo--,
      notStarted: () => this.#letGo--,
    };
  }

  #organisation(name: string, count: number): Organisation {
    const users = Array.from({ length: count }, (_, i) =>
      this.#member(`${i}`),
    ) as unknown as Organisation['users'];
    const gaps = new ServiceGaps(count, (a, b) => bound(users[a]!, users[b]!));
    return { ...this.#member(name), users, gaps, tenant: this.#scheduler.tenants.of(name) };
  }

  #member(name: string): Member {
    return { name, weight: 10 ** this.#any([-2, 2]), shut: false, credited: false, largest: 0 };
  }

  #userOf(user: string): Organisation['users'][number] {
    const [tenant, name] = user.split('/').map(Number);
    return this.#tenants[tenant!]!.users[name!]!;
  }

  #below(most: number): number {
    return Math.floor(this.random() * most);
  }

  #any([least, most]: readonly [number, number]): number {
    return least + this.random() * (most - least);
  }
}

/** One largest charge of each, and the credit of who was let go. */
function bound(ahead: Member, behind: Member): number {
  const of = ({ largest, weight }: Member) => largest / weight;
  return of(ahead) * (ahead.credited ? 1 + CREDIT : 1) + of(behind);
}

function isWaiting({ lane }: { readonly lane: Lane<Task> }): boolean {
  return lane.prefetched.size > 0 && !lane.blocked;
}

function isReady({ tenant, users }: Organisation): boolean {
  return !tenant.blocked && users.some(isWaiting);
}
