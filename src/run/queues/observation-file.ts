import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { notWritten } from '../../core/errors/file-errors.js';
import type { Observation, Observations } from '../../core/queues/idle-queues.js';
import type { Names } from '../../core/queues/names.js';

const VERSION = 1;

/** Where looks at the queues are kept. */
export interface KeptObservations {
  read(): Promise<Observations>;
  write(observations: Observations): Promise<void>;
}

/**
 * What has been seen of a broker's queues, kept from one run to the next: a command that looks once cannot
 * know how long a queue has been idle. A file for each broker, vhost and prefix.
 */
export class ObservationFile implements KeptObservations {
  readonly #path: string;

  /** @param folder where fairq keeps its state */
  constructor(folder: string, address: BrokerAddress, names: Names) {
    const hosts = address.hosts.map(({ hostname, port }) => `${hostname}:${port}`);
    const what = JSON.stringify([hosts, address.vhost, names.prefix]);
    const name = createHash('sha256').update(what).digest('hex').slice(0, 16);
    this.#path = join(folder, 'observations', `${name}.json`);
  }

  /** Empty where there is none, or none that can be read: then everything is seen for the first time. */
  async read(): Promise<Observations> {
    try {
      return decode(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return new Map();
    }
  }

  /** Whole or not at all: a reader never sees half of it. */
  async write(observations: Observations): Promise<void> {
    const half = `${this.#path}.${randomUUID()}.new`;
    const text = JSON.stringify({ version: VERSION, queues: Object.fromEntries(observations) });
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(half, text, { mode: 0o600 });
      await rename(half, this.#path);
    } catch (error) {
      await rm(half, { force: true }).catch(() => {}); // what cannot be written maybe cannot be removed
      const hint = 'Let XDG_STATE_HOME name a folder that can be written to.';
      throw notWritten('STATE_NOT_WRITTEN', `what was seen of the queues, ${this.#path}`, error, hint);
    }
  }
}

function decode(value: unknown): Observations {
  const observations = new Map<string, Observation>();
  if (typeof value !== 'object' || value === null) return observations;
  if (!('version' in value && 'queues' in value) || value.version !== VERSION) return observations;
  for (const [queue, known] of Object.entries(value.queues as object)) {
    if (typeof known !== 'object' || known === null || !('counters' in known && 'since' in known)) continue;
    const { counters, since } = known;
    if (typeof counters === 'string' && typeof since === 'number' && Number.isFinite(since)) {
      observations.set(queue, { counters, since });
    }
  }
  return observations;
}
