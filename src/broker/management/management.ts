import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import {
  FairqError,
  ifAllowed,
  messageOf,
  refusedError,
  unreachableError,
  usageError,
} from '../../core/errors/errors.js';
import { WORKER_CONNECTION } from '../../core/queues/names.js';
import type { ListedQueue, QueueContents, QueueDetails } from '../../core/reports/queue-report.js';
import type { BrokerAddress, Login } from '../connection/address.js';
import { explainTlsFailure } from '../connection/tls-failure.js';
import {
  type ConsumerFigures,
  consumerFigures,
  type NodeFigures,
  nodeFigures,
  type QueueDefinition,
  queueDefinition,
} from './broker-figures.js';
import {
  arrayOf,
  type BriefQueue,
  briefQueue,
  type CountedListedQueue,
  countedQueue,
  field,
  listedQueue,
  queueDetails,
} from './queue-figures.js';

/** The broker works out a listing of 50,000 queues for half a minute before it says anything. */
const ANSWER_WITHIN_MS = 60_000;

const FIGURES = 'name,type,arguments,messages_ready,messages_unacknowledged,consumers,memory';
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

/** RabbitMQ fails (HTTP 500) to list what goes away in that moment, such as a connection that closes. */
const FAILURES_TOLERATED = 2;
const ASK_AGAIN_MS = 300;

/** Of what the API gives page by page. */
const MOST_A_PAGE = 500;

type Method = 'GET' | 'PUT' | 'DELETE';

/** The few calls of RabbitMQ's HTTP API that fairq needs. */
export class Management {
  readonly #agent: Agent;
  readonly #login: Login;
  readonly #authorization: string;
  /** Which of the addresses answered last. */
  #current = 0;
  /** The `date` header of the last answer. */
  #lastDate = '';

  /** @param answerWithinMs what says nothing for so long is not there */
  constructor(
    private readonly address: BrokerAddress,
    answerWithinMs = ANSWER_WITHIN_MS,
  ) {
    const { tls } = address;
    this.#login = address.managementLogin ?? address;
    this.#agent = new Agent({
      connect: {
        ...(tls.ca && { ca: tls.ca }),
        ...(tls.cert && { cert: tls.cert }),
        ...(tls.key && { key: tls.key }),
        rejectUnauthorized: !tls.insecure,
      },
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
    });
    this.#authorization = `Basic ${Buffer.from(`${this.#login.username}:${this.#login.password}`).toString('base64')}`;
  }

  async version(): Promise<string> {
    const overview = await this.#call('GET', '/api/overview?disable_stats=true');
    return String(field(overview, 'rabbitmq_version') ?? 'unknown');
  }

  /** Names of all queues of the vhost, without their figures: the cheap listing, and a fresh one. */
  async queueNames(): Promise<string[]> {
    const list = await this.#list(`${this.#queuesPath()}?disable_stats=true&columns=name`);
    return list.map((item) => String(field(item, 'name')));
  }

  /** All queues of the vhost with no more than tells whether somebody may consume them; as cheap, and as fresh. */
  async queuesInBrief(): Promise<BriefQueue[]> {
    const columns = 'name,type,exclusive,arguments.x-queue-type';
    return (await this.#list(`${this.#queuesPath()}?disable_stats=true&columns=${columns}`)).map(briefQueue);
  }

  /** Names of the queues that were made with this argument, set to true. */
  async queuesWithArgument(argument: string): Promise<ReadonlySet<string>> {
    const list = await this.#list(`${this.#queuesPath()}?disable_stats=true&columns=name,arguments`);
    const made = list.filter((item) => field(field(item, 'arguments'), argument) === true);
    return new Set(made.map((item) => String(field(item, 'name'))));
  }

  /** One unpaged call with columns: pages would each make the broker format every queue again. */
  async queues(): Promise<ListedQueue[]> {
    return (await this.#list(`${this.#queuesPath()}?columns=${FIGURES}`)).map(listedQueue);
  }

  /**
   * What is in each queue, for half of what the listing with all figures costs. Of a classic queue it is its own count of
   * that moment, of a quorum queue one that is up to 5 s old (3.10 to 4.3). Queues that have not been asked are left out.
   */
  async queueContents(): Promise<QueueContents[]> {
    const totals = 'columns=name,messages_ready,messages_unacknowledged';
    const list = await this.#list(
      `${this.#queuesPath()}?disable_stats=true&enable_queue_totals=true&${totals}`,
    );
    return list.flatMap((item) => {
      const ready = field(item, 'messages_ready');
      const unacknowledged = field(item, 'messages_unacknowledged');
      if (typeof ready !== 'number' || typeof unacknowledged !== 'number') return [];
      return [{ name: String(field(item, 'name')), ready, unacknowledged }];
    });
  }

  /** All figures with counters and rates; dearer for the broker. */
  async countedQueues(): Promise<CountedListedQueue[]> {
    const list = await this.#list(`${this.#queuesPath()}?columns=${FIGURES},${COUNTERS}`);
    return list.map(countedQueue);
  }

  /** How many tasks of each queue somebody holds, by the queues' own count: NaN, or missing, where nobody can say. */
  async unacknowledged(): Promise<ReadonlyMap<string, number>> {
    const list = await this.#list(
      `${this.#queuesPath()}?disable_stats=true&enable_queue_totals=true&columns=name,messages_unacknowledged`,
    );
    return new Map(
      list.map((item) => [String(field(item, 'name')), Number(field(item, 'messages_unacknowledged'))]),
    );
  }

  /** Everything that the broker says of one queue; undefined where it is not there. */
  async queueDetails(queue: string): Promise<QueueDetails | undefined> {
    const path = `${this.#queuesPath()}/${segment(queue)}`;
    return unlessMissing(this.#call('GET', path).then(queueDetails));
  }

  /** What one queue was made as; undefined where it is not there. */
  async queueDefinition(queue: string): Promise<QueueDefinition | undefined> {
    const path = `${this.#queuesPath()}/${segment(queue)}`;
    return unlessMissing(this.#call('GET', path).then(queueDefinition));
  }

  /** Names of the queues that are bound to an exchange; none where the exchange is not there. */
  async boundQueues(exchange: string): Promise<ReadonlySet<string>> {
    const where = `${segment(this.address.vhost)}/${segment(exchange)}`;
    const list = await this.#list(`/api/exchanges/${where}/bindings/source?columns=destination`);
    return new Set(list.map((item) => String(field(item, 'destination'))));
  }

  async bindings(exchange: string): Promise<Binding[]> {
    const where = `${segment(this.address.vhost)}/${segment(exchange)}`;
    const list = await this.#list(`/api/exchanges/${where}/bindings/source`);
    return list.map((item) => ({
      destination: String(field(item, 'destination')),
      isQueue: field(item, 'destination_type') === 'queue',
      key: String(field(item, 'routing_key') ?? ''),
    }));
  }

  /** The type of each exchange, by name. */
  async exchangeTypes(): Promise<ReadonlyMap<string, string>> {
    const vhost = segment(this.address.vhost);
    const list = await this.#list(`/api/exchanges/${vhost}?columns=name,type`);
    return new Map(list.map((item) => [String(field(item, 'name')), String(field(item, 'type'))]));
  }

  /** Those vhosts, of all that this user may enter, that have an exchange of this name. */
  async vhostsWithExchange(name: string): Promise<string[]> {
    const query = `name=${encodeURIComponent(name)}&page=1&page_size=${MOST_A_PAGE}&columns=name,vhost`;
    const found = arrayOf(field(await this.#call('GET', `/api/exchanges?${query}`), 'items'));
    // The API looks for names that have it in them.
    return found.filter((item) => field(item, 'name') === name).map((item) => String(field(item, 'vhost')));
  }

  /** Where an exchange sends what finds no queue, and who says so; undefined where it sends it nowhere. */
  async alternateExchange(exchange: string): Promise<AlternateExchange | undefined> {
    const vhost = segment(this.address.vhost);
    const found = await this.#call('GET', `/api/exchanges/${vhost}/${segment(exchange)}`);
    const argument = field(field(found, 'arguments'), 'alternate-exchange');
    if (argument !== undefined) return { policy: undefined, name: String(argument) };
    const policy = field(found, 'policy');
    if (typeof policy !== 'string' || policy === '') return undefined;
    // Who may not see policies still sees which one it is.
    const said = await ifAllowed(this.#call('GET', `/api/policies/${vhost}/${segment(policy)}`));
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
    const said = Date.parse(this.#lastDate);
    return Number.isNaN(said) ? undefined : said + 500 - now;
  }

  async nodes(): Promise<NodeFigures[]> {
    return (await this.#list('/api/nodes')).map(nodeFigures);
  }

  /** What the Erlang machines of all running nodes have in use; bytes. */
  async memoryInUse(): Promise<number> {
    const names = (await this.nodes()).filter(({ running }) => running).map(({ name }) => name);
    const answers = await Promise.all(
      names.map((name) => this.#call('GET', `/api/nodes/${segment(name)}/memory`)),
    );
    return answers.reduce<number>(
      (sum, answer) => sum + Number(field(field(field(answer, 'memory'), 'total'), 'erlang') ?? 0),
      0,
    );
  }

  /** Of the nodes, on whatever machine they are. */
  async processIds(): Promise<number[]> {
    return (await this.#list('/api/nodes?columns=os_pid')).map((item) => Number(field(item, 'os_pid')));
  }

  /** Consumers on the vhost, with how much each may hold. */
  async consumers(): Promise<ConsumerFigures[]> {
    const path = `/api/consumers/${segment(this.address.vhost)}`;
    return (await this.#list(path)).map(consumerFigures);
  }

  /** What the processes connected to the vhost call themselves. */
  async connectionNames(): Promise<string[]> {
    return [...(await this.clientNames()).values()];
  }

  /** The same, by what the broker calls their connections. */
  async clientNames(): Promise<ReadonlyMap<string, string>> {
    const list = await this.#list(`/api/vhosts/${segment(this.address.vhost)}/connections`);
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
    return (await this.#list(`${this.#queuesPath()}?columns=${columns}`)).map(queueDefinition);
  }

  async makeVhost(vhost: string): Promise<void> {
    await this.#call('PUT', `/api/vhosts/${segment(vhost)}`, {});
    await this.#call('PUT', `/api/permissions/${segment(vhost)}/${segment(this.address.username)}`, {
      configure: '.*',
      write: '.*',
      read: '.*',
    });
  }

  async removeVhost(vhost: string): Promise<void> {
    await this.#call('DELETE', `/api/vhosts/${segment(vhost)}`);
  }

  async close(): Promise<void> {
    // A request that is under way has nobody to answer to any more.
    await this.#agent.destroy();
  }

  /** Ends without waiting for what was asked; whoever asked is told that nothing answers. */
  async giveUp(): Promise<void> {
    await this.#agent.destroy();
  }

  #queuesPath(): string {
    return `/api/queues/${segment(this.address.vhost)}`;
  }

  /** An answer that is no list is not taken for an empty one: nobody being there is a reason to delete. */
  async #list(path: string): Promise<unknown[]> {
    const answer = await this.#call('GET', path);
    if (!Array.isArray(answer)) throw notManagement(this.address.managementUris[this.#current]!);
    return answer;
  }

  /** Of several nodes the one that answered last is asked, and the others in turn when it does not. */
  async #call(method: Method, path: string, body?: object): Promise<unknown> {
    const { managementUris } = this.address;
    for (let tries = 1, failures = 0; ; tries++) {
      try {
        return await this.#ask(managementUris[this.#current]!, method, path, body);
      } catch (error) {
        const hasFailed = error instanceof FairqError && error.code === 'MANAGEMENT_FAILED';
        if (hasFailed && method === 'GET' && ++failures <= FAILURES_TOLERATED) {
          tries--;
          await delay(ASK_AGAIN_MS);
          continue;
        }
        const isAway = error instanceof FairqError && error.kind === 'unreachable';
        if (!isAway || tries >= managementUris.length) throw error;
        this.#current = (this.#current + 1) % managementUris.length;
      }
    }
  }

  async #ask(where: string, method: Method, path: string, body: object | undefined): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      const response = await request(where + path, {
        method,
        dispatcher: this.#agent,
        headers: { authorization: this.#authorization, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      status = response.statusCode;
      this.#lastDate = String(response.headers.date ?? '');
      text = await response.body.text();
    } catch (error) {
      const tlsFailure = explainTlsFailure(error, where, this.address.tls);
      if (tlsFailure) throw tlsFailure;
      throw unreachableError(
        'MANAGEMENT_UNREACHABLE',
        `the management API does not answer at ${where}: ${messageOf(error)}`,
        {
          hint: 'Switch the plugin on (rabbitmq-plugins enable rabbitmq_management), or name its address with --management-uri.',
          cause: error,
        },
      );
    }
    if (status === 401 || status === 403) {
      throw refusedError(
        'MANAGEMENT_REFUSED',
        `the management API at ${where} refused user "${this.#login.username}" (HTTP ${status})`,
        {
          hint: 'Check the user and the password, and give the user the "management" tag: rabbitmqctl set_user_tags USER management.',
        },
      );
    }
    // RabbitMQ says in JSON that it has not got something; another server has a page for it.
    if (status === 404 && !text.startsWith('{')) throw notManagement(where);
    if (status === 404 && path.startsWith(`${this.#queuesPath()}/`)) {
      throw refusedError('NOT_THERE', `the broker has nothing at ${path}`);
    }
    if (status === 404 && path.startsWith(this.#queuesPath())) {
      throw refusedError('NO_VHOST', `${where} has no vhost "${this.address.vhost}"`, {
        hint: `Name another with --vhost, or make it: rabbitmqctl add_vhost '${this.address.vhost}'.`,
      });
    }
    if (status >= 500) {
      throw unreachableError(
        'MANAGEMENT_FAILED',
        `the management API at ${where} has failed: HTTP ${status}${excerptOf(text)}`,
        {
          hint: 'It may be starting, or what is in front of it cannot reach it; its log says more. Try again.',
        },
      );
    }
    if (status >= 400) {
      throw refusedError(
        'MANAGEMENT_REFUSED',
        `the management API answered ${method} ${path} with HTTP ${status}${excerptOf(text)}`,
      );
    }
    if (status >= 300) throw notManagement(where);
    if (text === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw notManagement(where, error);
    }
  }
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FairqError && error.code === 'NOT_THERE') return undefined;
    throw error;
  }
}

function notManagement(where: string, cause?: unknown): FairqError {
  return unreachableError('NOT_MANAGEMENT', `what answers at ${where} is not RabbitMQ's management API`, {
    hint: 'Name its address with --management-uri, such as http://localhost:15672, with the path before /api where it has one.',
    cause,
  });
}

/** What a server says with an error may be a page. */
function excerptOf(text: string): string {
  const said = text.replace(/\s+/g, ' ').trim();
  return said === '' ? '' : `: ${said.length > 200 ? `${said.slice(0, 200)}…` : said}`;
}

/** A name as a part of a path. "." and ".." mean a folder to HTTP, however they are written: the answer would be about another. */
function segment(name: string): string {
  if (name !== '.' && name !== '..') return encodeURIComponent(name);
  throw usageError('NO_PATH', `the management API cannot be asked about what is named "${name}"`, {
    hint: 'HTTP takes that for a folder and answers about another vhost or queue: use another name.',
  });
}
