import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linkNeededPlugins } from './needed-plugins.js';
import { LOOPBACK, type NodePorts } from './ports.js';

/** The files of a node, all in one folder that is also its home. */
export interface NodeLayout {
  readonly folder: string;
  readonly config: string;
  /** The list of those that are enabled. */
  readonly enabledPlugins: string;
  /** Links to all that they need; not there where they are not found. */
  readonly neededPlugins: string;
  /** Empty, or not there: given to RabbitMQ so that it does not read the system's own in /etc. */
  readonly emptyEnvironment: string;
  readonly noAdvancedConfig: string;
  readonly noMoreConfig: string;
  readonly resolver: string;
  readonly cookie: string;
  readonly data: string;
  readonly logs: string;
  readonly serverLog: string;
  /** What the server prints, which is all there is when it fails before it opens its log. */
  readonly consoleLog: string;
  readonly epmdLog: string;
  readonly pidFile: string;
}

export function layoutOf(folder: string): NodeLayout {
  return {
    folder,
    config: join(folder, 'rabbitmq.conf'),
    enabledPlugins: join(folder, 'enabled_plugins'),
    neededPlugins: join(folder, 'plugins'),
    emptyEnvironment: join(folder, 'rabbitmq-env.conf'),
    noAdvancedConfig: join(folder, 'advanced.config'),
    noMoreConfig: join(folder, 'conf.d'),
    resolver: join(folder, 'inetrc'),
    cookie: join(folder, '.erlang.cookie'),
    data: join(folder, 'data'),
    logs: join(folder, 'log'),
    serverLog: join(folder, 'log', 'rabbitmq.log'),
    consoleLog: join(folder, 'log', 'console.log'),
    epmdLog: join(folder, 'log', 'epmd.log'),
    pidFile: join(folder, 'pid'),
  };
}

/** Writes everything a node reads at its start. Cookie and data of an earlier start stay as they are. */
export async function writeLayout(
  layout: NodeLayout,
  ports: NodePorts,
  extra: readonly string[],
  plugins: readonly string[],
  server: string,
): Promise<void> {
  const enabled = [...new Set(['rabbitmq_management', ...plugins])];
  for (const folder of [layout.folder, layout.data, layout.logs, layout.noMoreConfig]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await writeFile(layout.config, configText(ports, extra));
  await writeFile(layout.enabledPlugins, `[${enabled.join(',')}].\n`);
  await linkNeededPlugins(server, enabled, layout.neededPlugins);
  await writeFile(layout.emptyEnvironment, '');
  // Localhost without /etc/hosts, which a minimal container may not have.
  await writeFile(layout.resolver, '{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n');
  // Erlang takes a cookie that others can read for a mistake, and does not start.
  if (!existsSync(layout.cookie))
    await writeFile(layout.cookie, randomBytes(24).toString('hex'), { mode: 0o400 });
}

/** `rabbitmq.conf`. Later lines win, so the caller's come last. */
export function configText(ports: NodePorts, extra: readonly string[]): string {
  return [
    `listeners.tcp.1 = ${LOOPBACK}:${ports.amqp}`,
    `management.tcp.ip = ${LOOPBACK}`,
    `management.tcp.port = ${ports.management}`,
    // Below it the broker takes no messages; a laptop's disk may well be nearly full.
    'disk_free_limit.absolute = 50MB',
    'log.file.level = info',
    'log.file.rotation.size = 10485760',
    'log.file.rotation.count = 2',
    ...extra,
    '',
  ].join('\n');
}

/** The number RabbitMQ has written down early in its start, or null. */
export function pidIn(layout: NodeLayout): number | null {
  const pid = Number.parseInt(readText(layout.pidFile), 10);
  return pid > 0 ? pid : null;
}

/** Empty when there is no such file. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
