import { messageOf } from '../../core/errors/errors.js';
import type { Observations } from '../../core/queues/idle-queues.js';
import type { KeptObservations } from '../../run/queues/observation-file.js';

/** Looks at the queues, kept in a file where there may be one: a server whose disk is read-only remembers its own. */
export class RememberedObservations implements KeptObservations {
  #own: Observations | undefined;

  constructor(
    private readonly file: KeptObservations,
    private readonly onWarning: (text: string) => void,
  ) {}

  async read(): Promise<Observations> {
    return this.#own ?? this.file.read();
  }

  async write(observations: Observations): Promise<void> {
    if (this.#own === undefined) {
      try {
        await this.file.write(observations);
        return;
      } catch (error) {
        this.onWarning(`${messageOf(error)}; until this server ends it remembers by itself`);
      }
    }
    this.#own = observations;
  }
}
