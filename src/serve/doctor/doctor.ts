import { showAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import type { Finding } from '../../core/reports/finding.js';
import { examine } from '../../run/doctor/doctor.js';
import type { DoorDeps } from '../door-contract.js';
import { brokerProblem } from '../http/broker-problem.js';
import { SharedAnswers } from '../overview/shared-answers.js';
import { byLevel, type Doctor as Document } from './doctor-view.js';

/** The checks list all queues, and try what workers do. */
const KEEP_FOR_MS = 60_000;
/** Of very many queues that takes a minute: pages ask for it all the time. */
const REST = 300;
const MOST_WAITING = 100;

/** What `fairq doctor` finds, once a minute at most, whoever asks. */
export class Doctor {
  readonly #answers: SharedAnswers<readonly Finding[]>;

  constructor(private readonly deps: DoorDeps) {
    const { now } = deps.clock;
    this.#answers = new SharedAnswers({
      now,
      keepForMs: KEEP_FOR_MS,
      rest: REST,
      mostKept: 1,
      mostWaiting: MOST_WAITING,
    });
  }

  /** @throws Problem 503 */
  async document(): Promise<Document> {
    try {
      const { value, secondsAgo } = await this.#answers.ask('', () => this.#examine());
      const count = (level: Finding['level']) => value.filter((finding) => finding.level === level).length;
      return {
        secondsAgo,
        problems: count('problem'),
        warnings: count('warning'),
        findings: value.toSorted(byLevel),
      };
    } catch (error) {
      throw brokerProblem(error);
    }
  }

  async #examine(): Promise<readonly Finding[]> {
    const { address, names, newId, clock } = this.deps;
    const management = new Management(address);
    const name = 'fairq serve, doctor';
    try {
      return await examine({
        connect: (listener) => openConnection(address, name, listener),
        vhost: address.vhost,
        connectTo: (vhost) => openConnection({ ...address, vhost }, name),
        management,
        names,
        newId,
        clock,
        where: showAddress(address),
      });
    } finally {
      await management.close();
    }
  }
}
