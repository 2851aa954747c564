import { setTimeout as pause } from 'node:timers/promises';
import { RunningFairq } from '../support/fairq.js';

/** The steps of the protocol, as --verbose says them. */
export const STEPS = ['unbind', 'wait', 'look', 'ask', 'delete'] as const;
export type Step = (typeof STEPS)[number];

interface Round {
  readonly kind: string;
  readonly pruned: number;
  readonly kept: number;
  readonly failed: number;
}

/** A janitor that may be killed in the middle of a step; another one takes its place. */
export class StormPruner {
  #process: RunningFairq;
  #pruned = 0;
  kept = 0;
  failed = 0;

  constructor(private readonly env: Readonly<Record<string, string>>) {
    this.#process = this.#start();
  }

  #start(): RunningFairq {
    const flags = ['--watch', '200ms', '--idle-for', '1s', '--yes'];
    return new RunningFairq(['--json', '--verbose', 'queues', 'prune', ...flags], this.env);
  }

  get stderr(): string {
    return this.#process.stderr;
  }

  /** Queues pruned so far, as far as rounds have ended. */
  get pruned(): number {
    return this.#pruned + sum(roundsOf(this.#process.stdout), 'pruned');
  }

  get steps(): number {
    return this.#process.stderr.split('prune: ').length - 1;
  }

  /** Kills it so long after it has begun the next such step, and starts another. */
  async killAt(step: Step, afterMs: number): Promise<void> {
    const from = this.#process.stderr.length;
    while (!this.#process.stderr.slice(from).includes(`prune: ${step} `)) {
      if (this.#process.process.exitCode !== null) throw new Error(`a pruner ended: ${this.stderr}`);
      await pause(1);
    }
    if (afterMs > 0) await pause(afterMs);
    this.#process.signal('SIGKILL');
    await this.#process.ended;
    this.#take();
    this.#process = this.#start();
  }

  async stop(): Promise<void> {
    this.#process.signal('SIGINT');
    const { code, stderr } = await this.#process.ended;
    if (code !== 0) throw new Error(`a pruner ended with ${code}: ${stderr.slice(-3_000)}`);
    this.#take();
  }

  #take(): void {
    const rounds = roundsOf(this.#process.stdout);
    this.#pruned += sum(rounds, 'pruned');
    this.kept += sum(rounds, 'kept');
    this.failed += sum(rounds, 'failed');
  }
}

function roundsOf(stdout: string): Round[] {
  // The last line may be half there.
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Round).filter(({ kind }) => kind === 'queues-prune');
}

function sum(rounds: readonly Round[], what: 'pruned' | 'kept' | 'failed'): number {
  return rounds.reduce((total, round) => total + round[what], 0);
}
