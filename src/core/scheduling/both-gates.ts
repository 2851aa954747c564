import type { Gate } from './gate.js';

/** What a task has to pass, or has passed, where its tenant and its user have a gate each. */
export class BothGates implements Gate {
  constructor(
    private readonly ofTenant: Gate,
    private readonly ofUser: Gate,
  ) {}

  take(): boolean {
    if (!this.ofTenant.take()) return false;
    if (this.ofUser.take()) return true;
    this.ofTenant.notStarted();
    return false;
  }

  started(): void {
    this.ofUser.started?.();
    this.ofTenant.started?.();
  }

  ended(): void {
    this.ofUser.ended();
    this.ofTenant.ended();
  }

  notStarted(): void {
    this.ofUser.notStarted();
    this.ofTenant.notStarted();
  }

  /** Both are asked: each may have to give up what it has let go. */
  isLost(): boolean {
    const [user, tenant] = [this.ofUser.isLost?.() === true, this.ofTenant.isLost?.() === true];
    return user || tenant;
  }

  has(gate: Gate): boolean {
    return hasPassed(this.ofTenant, gate) || hasPassed(this.ofUser, gate);
  }
}

/** Whether what has let a task go is this gate, or has it within. */
export function hasPassed(passed: Gate | undefined, gate: Gate): boolean {
  return passed === gate || passed?.has?.(gate) === true;
}

/** What a task has passed, and another gate that is to be told of its end as well. */
export function beside(passed: Gate | undefined, gate: Gate): Gate {
  if (passed === undefined) return gate;
  return hasPassed(passed, gate) ? passed : new BothGates(gate, passed);
}
