import { FairqError, ifAllowed } from '../../core/errors/errors.js';
import { WORKER_CONNECTION } from '../../core/queues/names.js';
import type { ListedQueue, QueueContents, QueueDetails } from '../../core/reports/queue-report.js';
import type { BrokerAddress } from '../connection/address.js';
import {
  type ConsumerFigures,
  consumerFigures,
  type NodeFigures,
  nodeFigures,
  type QueueDefinition,
  queueDefinition,
} from './broker-figures.js';
import { unlessMissing } from './management-answer.js';
import { ManagementApi } from './management-api.js';
import { queuesPath, segment } from './paths.js';
import {
  arrayOf,
  type BriefQueue,
  briefQueue,
  type CountedListedQueue,
  countedQueue,
  field,
  isDown,
  listedQueue,
  queueDetails,
} from './queue-figures.js';
import { RabbitPolicies } from './rabbit-policies.js';

const FIGURES =
  'name,type,arguments,messages_ready,messages_unacknowledged,consumers,memory,state,leader,members,online';
const COUNTERS = [
  ...['message_stats.publish', 'message_stats.deliver_get', 'message_stats.ack'],
  ...['message_stats.publish_details.rate', 'message_stats.deliver_get_details.rate'],
].join();

export interface Binding {
  readonly destination: string;
  /** Not another exchange. */
  readonly isQueue: boolean;
  readonly key: string;
}

export interface AlternateExchange {
  /** That gives it to the exchange; undefined where it is an argument. */
  readonly policy: string | undefined;
  /** Undefined where this user may not know. */
  readonly name: string | undefined;
}

/** Of what the API gives page by page. */
const MOST_A_PAGE = 500;

/** A minute each: a vhost with 10,000 queues takes that on a busy machine. */
const REMOVE_TRIES = 10;

/** What fairq asks of RabbitMQ's HTTP API: the few calls that it needs. */
// long because: it has a short method for each call
export class Management {
  readonly #api: ManagementApi;
  readonly policies: RabbitPolicies;

  /** @param answerWithinMs what says nothing for so long is not there */
  constructor(
    private readonly address: BrokerAddress,
    answerWithinMs?: number,
  ) {
    this.#api = new ManagementApi(address, answerWithinMs);
    this.policies = new RabbitPolicies(this.#api, address);
  }

  /** Loads what asks, for whoever asks soon and waits for something else meanwhile. */
  prepare(): void {
    this.#api.prepare();
  }

  async version(): Promise<string> {
    const overview = await this.#api.get('/api/overview?disable_stats=true');
    return String(field(overview, 'rabbitmq_version') ?? 'unknown');
  }

  /** Names of all queues of the vhost, without their figures: the cheap listing, and a fresh one. */
  async queueNames(): Promise<string[]> {
    const list = await this.#api.list(`${this.#queues}?disable_stats=true&columns=name`);
    return list.map((item) => String(field(item, 'name')));
  }

  /** All queues of the vhost with no more than tells whether somebody may consume them; as cheap, and as fresh. */
  async queuesInBrief(): Promise<BriefQueue[]> {
    const columns = 'name,type,exclusive,arguments.x-queue-type';
    return (await this.#api.list(`${this.#queues}?disable_stats=true&columns=${columns}`)).map(briefQueue);
  }

  /** The queues that were made with this argument, set to true; each with the type that it was made as. */
  async queuesWithArgument(argument: string): Promise<ReadonlyMap<string, string>> {
    const list = await this.#api.list(`${this.#queues}?disable_stats=true&columns=name,arguments`);
    const made = list.filter((item) => field(field(item, 'arguments'), argument) === true);
    const typeOf = (item: unknown) => String(field(field(item, 'arguments'), 'x-queue-type') ?? 'classic');
    return new Map(made.map((item) => [String(field(item, 'name')), typeOf(item)]));
  }

  /** One unpaged call with columns: pages would each make the broker format every queue again. */
  async queues(): Promise<ListedQueue[]> {
    return (await this.#api.list(`${this.#queues}?columns=${FIGURES}`)).map(listedQueue);
  }

  /**
   * What is in each queue, for half of what the listing with all figures costs. Of a classic queue it is its own count of
   * that moment, of a quorum queue one that is up to 5 s old (3.10 to 4.3). Queues that have not been asked are left out,
   * and those that are down: they would count as empty.
   */
  async queueContents(): Promise<QueueContents[]> {
    const totals = 'columns=name,state,messages_ready,messages_unacknowledged';
    const list = await this.#api.list(
      `${this.#queues}?disable_stats=true&enable_queue_totals=true&${totals}`,
    );
    return list.flatMap((item) => {
      const ready = field(item, 'messages_ready');
      const unacknowledged = field(item, 'messages_unacknowledged');
      if (typeof ready !== 'number' || typeof unacknowledged !== 'number') return [];
      if (isDown(item)) return [];
      return [{ name: String(field(item, 'name')), ready, unacknowledged }];
    });
  }

  /**
   * When the task at the head of each queue was sent, by the task's own word: milliseconds since the epoch. Of classic
   * queues alone, and up to 5 s old. As dear for the broker as the listing with all figures.
   */
  async oldestSent(): Promise<ReadonlyMap<string, number>> {
    const list = await this.#api.list(`${this.#queues}?columns=name,head_message_timestamp`);
    return new Map(
      list.flatMap((item) => {
        const head = field(item, 'head_message_timestamp');
        return typeof head === 'number' ? [[String(field(item, 'name')), head * 1_000] as const] : [];
      }),
    );
  }

  /** The same of one queue; undefined where the broker does not say. */
  async headSent(queue: string): Promise<number | undefined> {
    const path = `${this.#queues}/${segment(queue)}?columns=head_message_timestamp`;
    const head = field(await unlessMissing(this.#api.get(path)), 'head_message_timestamp');
    return typeof head === 'number' ? head * 1_000 : undefined;
  }

  /** All figures with counters and rates; dearer for the broker. */
  async countedQueues(): Promise<CountedListedQueue[]> {
    const list = await this.#api.list(`${this.#queues}?columns=${FIGURES},${COUNTERS}`);
    return list.map(countedQueue);
  }

  /** How many tasks of each queue somebody holds, by the queues' own count: NaN, or missing, where nobody can say. */
  async unacknowledged(): Promise<ReadonlyMap<string, number>> {
    const list = await this.#api.list(
      `${this.#queues}?disable_stats=true&enable_queue_totals=true&columns=name,messages_unacknowledged`,
    );
    return new Map(
      list.map((item) => [String(field(item, 'name')), Number(field(item, 'messages_unacknowledged'))]),
    );
  }

  /** Everything that the broker says of one queue; undefined where it is not there. */
  async queueDetails(queue: string): Promise<QueueDetails | undefined> {
    const path = `${this.#queues}/${segment(queue)}`;
    return unlessMissing(this.#api.get(path).then(queueDetails));
  }

  /** What one queue was made as; undefined where it is not there. */
  async queueDefinition(queue: string): Promise<QueueDefinition | undefined> {
    const path = `${this.#queues}/${segment(queue)}`;
    return unlessMissing(this.#api.get(path).then(queueDefinition));
  }

  /** Names of the queues that are bound to an exchange; none where the exchange is not there. */
  async boundQueues(exchange: string): Promise<ReadonlySet<string>> {
    const where = `${segment(this.address.vhost)}/${segment(exchange)}`;
    const list = await this.#api.list(`/api/exchanges/${where}/bindings/source?columns=destination`);
    return new Set(list.map((item) => String(field(item, 'destination'))));
  }

  async bindings(exchange: string): Promise<Binding[]> {
    const where = `${segment(this.address.vhost)}/${segment(exchange)}`;
    const list = await this.#api.list(`/api/exchanges/${where}/bindings/source`);
    return list.map((item) => ({
      destination: String(field(item, 'destination')),
      isQueue: field(item, 'destination_type') === 'queue',
      key: String(field(item, 'routing_key') ?? ''),
    }));
  }

  /** The type of each exchange, by name. */
  async exchangeTypes(): Promise<ReadonlyMap<string, string>> {
    const vhost = segment(this.address.vhost);
    const list = await this.#api.list(`/api/exchanges/${vhost}?columns=name,type`);
    return new Map(list.map((item) => [String(field(item, 'name')), String(field(item, 'type'))]));
  }

  /** Types of exchanges that the broker knows, plugins' too. */
  async knownExchangeTypes(): Promise<string[]> {
    const overview = await this.#api.get('/api/overview?disable_stats=true');
    return arrayOf(field(overview, 'exchange_types')).map((item) => String(field(item, 'name')));
  }

  /** Those vhosts, of all that this user may enter, that have an exchange of this name. */
  async vhostsWithExchange(name: string): Promise<string[]> {
    const query = `name=${encodeURIComponent(name)}&page=1&page_size=${MOST_A_PAGE}&columns=name,vhost`;
    const found = arrayOf(field(await this.#api.get(`/api/exchanges?${query}`), 'items'));
    // The API looks for names that have it in them.
    return found.filter((item) => field(item, 'name') === name).map((item) => String(field(item, 'vhost')));
  }

  /** Where an exchange sends what finds no queue, and who says so; undefined where it sends it nowhere. */
  async alternateExchange(exchange: string): Promise<AlternateExchange | undefined> {
    const vhost = segment(this.address.vhost);
    const found = await this.#api.get(`/api/exchanges/${vhost}/${segment(exchange)}`);
    const argument = field(field(found, 'arguments'), 'alternate-exchange');
    if (argument !== undefined) return { policy: undefined, name: String(argument) };
    const policy = field(found, 'policy');
    if (typeof policy !== 'string' || policy === '') return undefined;
    // Who may not see policies still sees which one it is.
    const said = await ifAllowed(this.#api.get(`/api/policies/${vhost}/${segment(policy)}`));
    const definition = field(said, 'definition');
    const name = field(definition, 'alternate-exchange');
    if (definition !== undefined && name === undefined) return undefined;
    return { policy, name: name === undefined ? undefined : String(name) };
  }

  /**
   * How far the broker's clock was ahead of this machine's, milliseconds, when it last answered; it says whole
   * seconds. Undefined where it does not say.
   *
   * @param now just after that; milliseconds since the epoch
   */
  clockAheadMs(now: number): number | undefined {
    const { answeredAt } = this.#api;
    return Number.isNaN(answeredAt) ? undefined : answeredAt + 500 - now;
  }

  async nodes(): Promise<NodeFigures[]> {
    return (await this.#api.list('/api/nodes')).map(nodeFigures);
  }

  /** What the Erlang machines of all running nodes have in use: bytes; null where one of them does not say. */
  async memoryInUse(): Promise<number | null> {
    const names = (await this.nodes()).filter(({ running }) => running).map(({ name }) => name);
    const answers = await Promise.all(
      names.map((name) => this.#api.get(`/api/nodes/${segment(name)}/memory`)),
    );
    const each = answers.map((answer) =>
      Number(field(field(field(answer, 'memory'), 'total'), 'erlang') ?? Number.NaN),
    );
    const sum = each.reduce((total, bytes) => total + bytes, 0);
    return each.length > 0 && Number.isFinite(sum) ? sum : null;
  }

  /** Of the nodes, on whatever machine they are. */
  async processIds(): Promise<number[]> {
    return (await this.#api.list('/api/nodes?columns=os_pid')).map((item) => Number(field(item, 'os_pid')));
  }

  /** Consumers on the vhost, with how much each may hold. */
  async consumers(): Promise<ConsumerFigures[]> {
    const path = `/api/consumers/${segment(this.address.vhost)}`;
    return (await this.#api.list(path)).map(consumerFigures);
  }

  /** What the processes connected to the vhost call themselves. */
  async connectionNames(): Promise<string[]> {
    return [...(await this.clientNames()).values()];
  }

  /** The same, by what the broker calls their connections. */
  async clientNames(): Promise<ReadonlyMap<string, string>> {
    const list = await this.#api.list(`/api/vhosts/${segment(this.address.vhost)}/connections`);
    return new Map(
      list.map((item) => [
        String(field(item, 'name')),
        String(field(field(item, 'client_properties'), 'connection_name') ?? ''),
      ]),
    );
  }

  /** How many workers are connected to the vhost, of whatever prefix; undefined where this user may not know. */
  async workersConnected(): Promise<number | undefined> {
    try {
      return (await this.connectionNames()).filter((name) => name.startsWith(WORKER_CONNECTION)).length;
    } catch (error) {
      if (error instanceof FairqError && error.kind === 'refused') return undefined;
      throw error;
    }
  }

  /** The arguments and the policy of every queue: what it was made as. */
  async queueDefinitions(): Promise<QueueDefinition[]> {
    const columns = 'name,type,arguments,policy,operator_policy,effective_policy_definition';
    return (await this.#api.list(`${this.#queues}?columns=${columns}`)).map(queueDefinition);
  }

  async makeVhost(vhost: string): Promise<void> {
    await this.#api.put(`/api/vhosts/${segment(vhost)}`, {});
    await this.#api.put(`/api/permissions/${segment(vhost)}/${segment(this.address.username)}`, {
      configure: '.*',
      write: '.*',
      read: '.*',
    });
  }

  /** The broker ends the connection where it takes longer than a minute, and goes on: then it is asked again. */
  async removeVhost(vhost: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#api.delete(`/api/vhosts/${segment(vhost)}`);
        return;
      } catch (error) {
        if (!(error instanceof FairqError)) throw error;
        if (tries > 1 && error.code === 'NOT_THERE') return;
        if (error.kind !== 'unreachable' || tries === REMOVE_TRIES) throw error;
      }
    }
  }

  /** Ends without waiting for what was asked; whoever asked is told that nothing answers. */
  async close(): Promise<void> {
    await this.#api.close();
  }

  get #queues(): string {
    return queuesPath(this.address.vhost);
  }
}
