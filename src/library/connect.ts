import { openConnection } from '../broker/connection/connection.js';
import { configOf } from '../config/config.js';
import type { SettingName } from '../config/settings.js';
import { idGenerator } from '../process/identity.js';
import { systemClock } from '../process/system-clock.js';
import { apart } from './apart.js';
import { Fairq } from './fairq.js';
import { CONNECT_OPTIONS, checkOptions } from './options.js';

/** Where the broker is, and how the application is to be told what goes on. */
export interface ConnectOptions {
  /** `amqp://user:password@host:5672/vhost`; of a cluster several, with commas between. */
  readonly uri?: string;
  /** Of the management API; workers ask it which queues there are. Its usual port on the broker's host, if not given. */
  readonly managementUri?: string;
  readonly vhost?: string;
  /** What the names on the broker begin with; `fairq`, if not given. */
  readonly prefix?: string;
  readonly tlsCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  /** What the broker's operators see of the connection, after "fairq ". */
  readonly name?: string;
  /** A lost connection is tried again for so long, milliseconds; for ever, if not given. */
  readonly reconnectForMs?: number;
  /** What an operator should know, as a sentence. Nothing is printed. */
  readonly onWarning?: (text: string) => void;
}

/**
 * Connects to RabbitMQ. It reads no environment and no file but those that are named, prints nothing, and ends no process.
 *
 * @throws FairqError: `kind` says who has to act, `code` is stable, `hint` says what to do
 */
export async function connect(options: ConnectOptions = {}): Promise<Fairq> {
  checkOptions(CONNECT_OPTIONS, options, 'connect');
  const { name = 'library', reconnectForMs = Number.POSITIVE_INFINITY } = options;
  const onWarning = (text: string) => apart(() => options.onWarning?.(text));
  const { uri, managementUri, vhost, prefix, tlsCaFile, tlsCertFile, tlsKeyFile } = options;
  const settings: Partial<Record<SettingName, string | undefined>> = {
    uri,
    managementUri,
    vhost,
    prefix,
    tlsCaFile,
    tlsCertFile,
    tlsKeyFile,
  };
  const config = configOf((setting) => settings[setting]);
  for (const warning of config.warnings) onWarning(warning);
  const openIn = (where: string, connectionName: string) =>
    openConnection({ ...config.address, vhost: where }, connectionName, {
      reconnectForMs,
      onDisconnected: (reason) =>
        onWarning(`the connection to the broker was lost (${reason}); it is tried again`),
      onBlocked: (reason) =>
        onWarning(`the broker is blocked (${reason}): nothing is taken until that is over`),
    });
  const open = (connectionName: string) => openIn(config.address.vhost, connectionName);
  const connection = await open(`fairq ${name}`);
  return new Fairq({
    config,
    connection,
    open,
    openIn,
    clock: systemClock,
    newId: idGenerator({ clock: systemClock }),
    onWarning,
  });
}
