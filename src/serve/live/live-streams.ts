import type { EventOutput } from '../events/event-output.js';
import { answerOf, type OpenOutputs, type Reader } from '../events/open-outputs.js';
import type { Problem } from '../http/problem.js';
import type { Overview } from '../overview/overview.js';
import type { FollowedPolicy } from '../policy/followed-policy.js';
import type { Alarms } from './alarms.js';
import { liveLook } from './live-look.js';

const EVERY_MS = 2_000;

export interface LiveStreamsDeps {
  readonly overview: Overview;
  readonly alarms: Alarms;
  readonly policy: Pick<FollowedPolicy, 'known'>;
  readonly open: OpenOutputs;
  readonly problemOf: (error: unknown) => Problem;
}

/** Tells all who look on how users and workers fare: one look, written once, however many they are. */
export class LiveStreams {
  readonly #outputs = new Set<EventOutput>();
  /** What was told last: whoever comes is told it at once. */
  #last: { readonly event: string; readonly data: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(private readonly deps: LiveStreamsDeps) {}

  /** @throws Problem where too many are open */
  follow(reader: Reader): Response {
    const { output, onEnd } = this.deps.open.start(reader);
    this.#outputs.add(output);
    onEnd(() => {
      this.#outputs.delete(output);
      if (this.#outputs.size === 0) this.#rest();
    });
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => void this.#tell(), EVERY_MS);
      void this.#tell();
    } else if (this.#last !== undefined) output.send(this.#last);
    return answerOf(output);
  }

  close(): void {
    this.#rest();
  }

  /** Nobody looks on. */
  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#last = undefined;
  }

  async #tell(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#last = { event: 'look', data: JSON.stringify(await this.#look()) };
    } catch (error) {
      this.#last = { event: 'trouble', data: JSON.stringify(this.deps.problemOf(error).document()) };
    } finally {
      this.#isLooking = false;
    }
    // Whoever reads too slowly is left out once: the next look has all that this one has.
    for (const output of this.#outputs) if (!output.isFull) output.send(this.#last);
  }

  async #look(): Promise<object> {
    const { overview, alarms, policy } = this.deps;
    const [all, workers, found] = await Promise.all([overview.users(), overview.workers(), alarms.current()]);
    return liveLook({ all, workers, alarms: found, policyRevision: policy.known.document.revision });
  }
}
