import { mendOfLimit } from '../../broker/connection/refusal.js';
import { channelsNeeded } from '../../broker/consuming/consumer-channels.js';
import { counted, type Finding, ok, problem, some, unknown, warning } from '../../core/reports/finding.js';
import type { AmqpFacts, ManagementFacts } from './facts.js';

/** What a queue takes of the broker's memory; measured, see `fairq bench cost`. Bytes. */
const QUEUE_BYTES = { classic: 40 * 1024, quorum: 118 * 1024 };
const NEARLY_FULL = 0.8;
/**
 * RabbitMQ 3.x books that many for each quorum queue, whether or not they are open, and shows them nowhere. When
 * all are booked it takes no connection any more: seen on 3.10.8 with 10,000 queues and a limit of 20,000.
 */
const FILES_BOOKED = 2;
const CLOCK_OFF_MS = 2_000;
const CLOCK_FAR_OFF_MS = 30_000;
const MAY_LOOK = 'Give the user the "monitoring" tag: rabbitmqctl set_user_tags USER monitoring.';

export function permissions({ refused: all }: AmqpFacts, prefix: string): Finding {
  // An exchange of another type is refused too, and has a check of its own.
  const refused = all.filter(({ why }) => !/\binequivalent\b/.test(why));
  const [first] = refused;
  const atLimit = refused.flatMap(({ why }) => mendOfLimit(why) ?? [])[0];
  if (first !== undefined && atLimit !== undefined) {
    return problem(
      'permissions',
      `cannot ${refused.map(({ what }) => what).join(', nor ')}: ${first.why}`,
      atLimit,
    );
  }
  if (first === undefined) return ok('permissions', 'may make, bind, fill, read and delete what fairq needs');
  return problem(
    'permissions',
    `may not ${refused.map(({ what }) => what).join(', nor ')}: ${first.why}`,
    `rabbitmqctl set_permissions -p VHOST USER '^(${prefix}|amq\\.).*' '^(${prefix}|amq\\.).*' '^(${prefix}|amq\\.).*'`,
  );
}

export function channels({ channelMax, channelsRefused }: AmqpFacts): Finding {
  const needed = channelsNeeded(channelMax);
  if (channelsRefused !== undefined) {
    return problem(
      'channel_max',
      `a worker needs ${needed} channels, and the broker refuses so many: ${channelsRefused}`,
      'Raise the limit: rabbitmqctl set_user_limits USER \'{"max-channels": -1}\'.',
    );
  }
  if (channelMax >= needed)
    return ok('channel_max', `${channelMax.toLocaleString('en-US')} channels a connection`);
  return problem(
    'channel_max',
    `a connection may have ${channelMax} channels, and a worker needs ${needed}`,
    'Set channel_max = 2047 in rabbitmq.conf.',
  );
}

/** What this version is known to do, of which one should know. */
export function version({ version: text }: Pick<AmqpFacts, 'version'>): Finding {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  const at = major * 100 + minor;
  if (at < 310) {
    return warning(
      'version',
      `RabbitMQ ${text} is older than what fairq is tested with`,
      'Use 3.10 or later.',
    );
  }
  const traps: string[] = [];
  if (at < 400) {
    traps.push('an unacknowledged task is taken back after 30 minutes by closing the channel');
    traps.push('quorum queues made with x-delivery-limit -1 lose tasks that are given back');
  } else if (at < 403) {
    traps.push(
      'quorum queues count what is given back: without x-delivery-limit -1 tasks are dropped after 20 times',
    );
  } else {
    traps.push(
      'global QoS is taken and ignored',
      'queues that are neither durable nor exclusive are refused',
    );
  }
  return ok('version', `RabbitMQ ${text}; known of it: ${traps.join('; ')}`);
}

/** @param reason the broker's own word to who has just published; undefined where it has taken that */
export function alarms({ nodes }: ManagementFacts, reason: string | undefined): Finding {
  if (nodes === undefined && reason === undefined)
    return unknown('alarms', 'this user may not see the nodes', MAY_LOOK);
  const memory = (nodes ?? []).filter(({ memoryAlarm }) => memoryAlarm).map(({ name }) => name);
  const disk = (nodes ?? []).filter(({ diskAlarm }) => diskAlarm).map(({ name }) => name);
  if (memory.length + disk.length === 0)
    return reason === undefined ? ok('alarms', 'neither memory nor disk') : blocked(reason);
  const what = [
    ...(memory.length > 0 ? [`memory on ${some(memory)}`] : []),
    ...(disk.length > 0 ? [`disk on ${some(disk)}`] : []),
  ].join(', ');
  return blocked(what);
}

export function blocked(reason: string): Finding {
  return problem(
    'alarms',
    `${reason}: the broker takes no tasks from anybody`,
    'Give the broker more memory or disk, or delete queues that nobody needs; vm_memory_high_watermark and disk_free_limit say when it is enough.',
  );
}

export function nodes({ nodes: all }: ManagementFacts): Finding {
  if (all === undefined) return unknown('nodes', 'this user may not see the nodes', MAY_LOOK);
  const down = all.filter(({ running }) => !running).map(({ name }) => name);
  const parted = all.filter(({ partitions }) => partitions.length > 0).map(({ name }) => name);
  if (parted.length > 0) {
    return problem(
      'nodes',
      `the cluster is partitioned: ${some(parted)}`,
      'See rabbitmq.com/docs/partitions.',
    );
  }
  if (down.length > 0)
    return warning('nodes', `${some(down)} does not run`, 'Start it, or take it out of the cluster.');
  return ok('nodes', `${counted(all.length, 'node')}, all running`);
}

/** Memory, files and processes against the number of queues. */
export function room({ version, nodes: all, queues }: ManagementFacts): Finding {
  if (all === undefined) return unknown('room', 'this user may not see the nodes', MAY_LOOK);
  const full: string[] = [];
  let more = Number.POSITIVE_INFINITY;
  const quorum = queues.filter(({ type }) => type === 'quorum').length;
  const bytes = quorum * 2 > queues.length ? QUEUE_BYTES.quorum : QUEUE_BYTES.classic;
  for (const node of all) {
    const parts: [string, number, number][] = [
      ['memory', node.memoryUsed, node.memoryLimit],
      ['files', node.filesUsed, node.filesTotal],
      ['processes', node.processesUsed, node.processesTotal],
    ];
    if (version.startsWith('3.')) {
      parts.push(['files, booked for quorum queues,', quorum * FILES_BOOKED, 0.9 * node.filesTotal]);
    }
    for (const [what, used, total] of parts) {
      if (total > 0 && used / total > NEARLY_FULL)
        full.push(`${Math.round((100 * used) / total)} % of the ${what} of ${node.name}`);
    }
    if (node.memoryLimit > 0) more = Math.min(more, Math.max(0, node.memoryLimit - node.memoryUsed) / bytes);
  }
  if (full.length > 0) {
    return warning(
      'room',
      `${full.join(', ')} are in use, with ${counted(queues.length, 'queue')}`,
      'Prune queues ("fairq queues prune"), or give the broker more.',
    );
  }
  const rest = Number.isFinite(more)
    ? `; memory for about ${counted(Math.floor(more / 1_000) * 1_000, 'more queue')}`
    : '';
  return ok('room', `${counted(queues.length, 'queue')}${rest}`);
}

export function clock({ clockAheadMs }: ManagementFacts): Finding {
  if (clockAheadMs === undefined)
    return unknown(
      'clock',
      'the broker does not say what time it is',
      'Nothing to do, if its clock is right.',
    );
  const off = Math.abs(clockAheadMs);
  if (off <= CLOCK_OFF_MS) return ok('clock', "as the broker's, within 2 s");
  const text = `the broker's is ${Math.round(off / 1000).toLocaleString('en-US')} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const mend = 'Let both follow a time server: dwell and waits for retries go by these clocks.';
  return off > CLOCK_FAR_OFF_MS ? problem('clock', text, mend) : warning('clock', text, mend);
}

/** @param what is in it: events or results */
export function stream({ definitions }: ManagementFacts, what: string, name: string): Finding {
  const found = definitions.find((queue) => queue.name === name);
  if (found === undefined) return ok(what, `no "${name}" yet: it is made by the first publisher or worker`);
  if (found.type === 'stream') return ok(what, `"${name}" is a stream`);
  return problem(
    what,
    `"${name}" is a ${found.type} queue: ${what} cannot be read from it again and again`,
    'Delete it, or use another --prefix.',
  );
}
