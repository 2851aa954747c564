import { existsSync } from 'node:fs';
import type { ServerPrograms } from './find-server.js';
import type { NodeLayout } from './layout.js';
import { LOOPBACK, type NodePorts } from './ports.js';
import { MARK } from './processes.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * RabbitMQ and Erlang are steered by some eighty variables, half of them without a prefix, and somebody
 * who runs a broker may have set any of them: the node is given these and its own, and nothing else.
 */
const INHERITED = ['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];

const ERLANG_ARGUMENTS = [
  '-start_epmd false',
  '-kernel inet_dist_use_interface {127,0,0,1}',
  // The start looks for 59,000 files, each by way of a thread for slow calls. Spinning for some microseconds
  // before such a thread sleeps takes the start from 4.7 to 3.0 s on two cores; RabbitMQ's default is none.
  '+sbwtdio very_short',
];

export interface NodeIdentity {
  /** `fairq-<id>@localhost`: a data folder belongs to one name for good. */
  readonly name: string;
  readonly layout: NodeLayout;
  readonly ports: NodePorts;
}

export function environmentOf(
  parent: Env,
  programs: ServerPrograms,
  node: NodeIdentity,
): Record<string, string> {
  const { name, layout, ports } = node;
  const env: Record<string, string> = {
    PATH: programs.path,
    HOME: layout.folder,
    [MARK]: layout.folder,
    ERL_EPMD_ADDRESS: LOOPBACK,
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_INETRC: layout.resolver,
    // No dump of the whole memory when it ends badly.
    ERL_CRASH_DUMP_SECONDS: '0',
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_MNESIA_BASE: layout.data,
    RABBITMQ_LOG_BASE: layout.logs,
    RABBITMQ_LOGS: layout.serverLog,
    RABBITMQ_CONFIG_FILE: layout.config,
    RABBITMQ_CONFIG_FILES: layout.noMoreConfig,
    RABBITMQ_ADVANCED_CONFIG_FILE: layout.noAdvancedConfig,
    RABBITMQ_CONF_ENV_FILE: layout.emptyEnvironment,
    RABBITMQ_ENABLED_PLUGINS_FILE: layout.enabledPlugins,
    RABBITMQ_PID_FILE: layout.pidFile,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_ARGUMENTS.join(' '),
    // Makes the script `exec` Erlang in its own place, so that the process fairq starts is the node itself
    // and gets its signals. Nothing is sent to systemd: that hangs on NOTIFY_SOCKET, which is not passed on.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
  if (existsSync(layout.neededPlugins)) env.RABBITMQ_PLUGINS_DIR = layout.neededPlugins;
  for (const key of INHERITED) {
    const value = parent[key];
    if (value !== undefined) env[key] = value;
  }
  return env;
}
