import { loadavg, type } from 'node:os';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import { nodeName } from '../../core/celery/node-name.js';
import { MONITORS_CONNECTION } from '../../core/queues/names.js';
import { VERSION } from '../../process/version.js';
import { CeleryFront } from '../../run/celery/worker/celery-front.js';
import type { AboutWorker } from '../../run/celery/worker/inspection.js';
import type { Handlers } from '../../run/worker/handlers/handlers.js';
import type { Context } from '../shared/context.js';
import { FOREVER } from '../shared/reconnecting.js';
import type { WorkerFlags } from './worker-flags.js';

/** What Celery's clients and monitors are to see of the worker of this name. */
export function celeryFrontOf(
  name: string,
  flags: WorkerFlags,
  handlers: Handlers,
  address: BrokerAddress,
  context: Context,
): CeleryFront {
  const { io, clock } = context;
  const software = `fairq ${VERSION} on Node ${io.nodeVersion}, ${type()}`;
  return new CeleryFront({
    name: nodeName(name, io.hostname),
    pid: io.pid,
    about: aboutOf(flags, handlers, address, software),
    version: VERSION,
    system: type(),
    clock,
    connect: () => openConnection(address, MONITORS_CONNECTION + name, { reconnectForMs: FOREVER }),
    loadavg,
    usage: () => io.usage(),
    onWarning: (text) => context.warn(text),
  });
}

function aboutOf(
  flags: WorkerFlags,
  handlers: Handlers,
  address: BrokerAddress,
  software: string,
): AboutWorker {
  const taskTimeout = flags.taskTimeout === undefined ? null : flags.taskTimeout / 1_000;
  const [host, ...others] = address.hosts;
  return {
    slots: flags.concurrency,
    tasks: handlers.names,
    taskTimeout,
    software,
    broker: {
      transport: 'amqp',
      hostname: host?.hostname ?? null,
      port: host?.port ?? null,
      alternates: others.map(({ hostname, port }) => `${hostname}:${port}`),
      userid: address.username,
      virtual_host: address.vhost,
      ssl: address.protocol === 'amqps',
      heartbeat: address.heartbeatSeconds ?? null,
    },
    conf: {
      accept_content: ['json'],
      result_backend: 'rpc://',
      result_serializer: 'json',
      task_acks_late: true,
      task_reject_on_worker_lost: true,
      task_serializer: 'json',
      task_time_limit: taskTimeout,
      worker_concurrency: flags.concurrency,
      worker_send_task_events: flags.taskEvents === true,
      fairq_charge: flags.charge,
      fairq_exclude: flags.exclude ?? [],
      fairq_max_attempts: flags.maxAttempts,
      fairq_ordered: flags.ordered === true,
      fairq_queue_prefix: flags.queuePrefix ?? null,
      fairq_queues: flags.queues ?? [],
      fairq_strategy: flags.strategy,
    },
  };
}
