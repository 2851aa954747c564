import { refusedError } from '../../core/errors/errors.js';
import type { RabbitPolicy } from '../../core/policy/backlog/rabbit-policy.js';
import type { BrokerAddress } from '../connection/address.js';
import { unlessMissing } from './management-answer.js';
import type { ManagementApi } from './management-api.js';
import { operatorPoliciesPath, policiesPath, segment } from './paths.js';
import { field, recordOf } from './queue-figures.js';

/** Whoever has one of these tags may set policies, in the vhosts that he may enter. */
const MAY_SET = ['policymaker', 'administrator'];

/** RabbitMQ's own policies of a vhost, by its management API. */
export class RabbitPolicies {
  readonly #path: string;

  constructor(
    private readonly api: ManagementApi,
    private readonly address: BrokerAddress,
  ) {
    this.#path = policiesPath(address.vhost);
  }

  /**
   * Whether this user may set policies in the vhosts that it may enter, asked without setting any.
   *
   * @throws FairqError which names what to grant
   */
  async checkRight(): Promise<void> {
    const said = field(await this.api.get('/api/whoami'), 'tags');
    const tags = String(said ?? '').split(','); // a list, or a text with commas
    if (!MAY_SET.some((tag) => tags.includes(tag))) {
      const { username } = this.address.managementLogin ?? this.address;
      throw refusedError(
        'POLICIES_REFUSED',
        `the user ${JSON.stringify(username)} may not set RabbitMQ's policies`,
        {
          hint: `A backlog limit needs one. Give the user the tag "policymaker": rabbitmqctl set_user_tags ${username} ${[...tags, 'policymaker'].join(' ').trim()}.`,
        },
      );
    }
  }

  /** All of the vhost, without operator policies. */
  async list(): Promise<RabbitPolicy[]> {
    return (await this.api.list(this.#path)).map(rabbitPolicy);
  }

  /** Operator policies of the vhost: each counts beside the policy of a queue, and of two maxima the smaller. */
  async listOfOperators(): Promise<RabbitPolicy[]> {
    return (await this.api.list(operatorPoliciesPath(this.address.vhost))).map(rabbitPolicy);
  }

  /** Makes it, or makes it another. */
  async put({ name, pattern, applyTo, priority, definition }: RabbitPolicy): Promise<void> {
    const body = { pattern, 'apply-to': applyTo, priority, definition };
    await this.api.put(this.#pathOf(name), body);
  }

  /** One that is not there may be removed, too. */
  async remove(name: string): Promise<void> {
    await unlessMissing(this.api.delete(this.#pathOf(name)));
  }

  #pathOf(name: string): string {
    return `${this.#path}/${segment(name)}`;
  }
}

function rabbitPolicy(item: unknown): RabbitPolicy {
  return {
    name: String(field(item, 'name')),
    pattern: String(field(item, 'pattern')),
    applyTo: String(field(item, 'apply-to') ?? 'all'),
    priority: Number(field(item, 'priority') ?? 0),
    definition: recordOf(field(item, 'definition')),
  };
}
