import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { BrokerAddress, Host, TlsOptions } from '../broker/connection/address.js';
import { messageOf, usageError } from '../core/errors/errors.js';
import type { Names } from '../core/queues/names.js';
import { MOST_SPREAD_QUEUES, type Units, unitsIn } from '../core/queues/units.js';
import { parseTimer } from '../core/values/quantities.js';
import { decodeUtf8 } from '../core/values/utf8.js';
import { parseManagementUris } from './management-uris.js';
import { namesUnder } from './prefix.js';
import { SETTINGS, type SettingName } from './settings.js';
import { checkTlsFiles } from './tls-files.js';
import { checkUserInfo, decoded } from './user-info.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Everything that commands may want to know, complete and read only. */
export interface Config {
  readonly address: BrokerAddress;
  /** Whether somebody named a broker; otherwise it is fairq's own or the default address. */
  readonly addressConfigured: boolean;
  readonly names: Names;
  /** How long a lost connection is tried again, milliseconds; undefined where nobody has said. */
  readonly reconnectForMs: number | undefined;
  /** What has a queue; undefined where nobody has said: what is set up on the broker is followed. */
  readonly units: Units | undefined;
  /** To say on stderr before anything else. */
  readonly warnings: readonly string[];
}

/** Where the broker is when nobody says so. */
export interface FallbackBroker {
  readonly uri: string;
  readonly managementUri: string;
}

const DEFAULT_URI = 'amqp://guest:guest@localhost:5672';
/** AMQP has two bytes for it. */
const LONGEST_HEARTBEAT_SECONDS = 65_535;

/**
 * The one door through which options enter: flag, then FAIRQ_* variable, then the TOML file, then the
 * default. Nothing else reads the environment.
 *
 * @param flags    what the command line gave, by setting
 * @param fallback asked for only where no broker is configured
 */
export async function resolveConfig(
  flags: Readonly<Record<string, unknown>>,
  env: Env,
  fallback: () => Promise<FallbackBroker | undefined>,
): Promise<Config> {
  const warnings: string[] = [];
  const file = await readConfigFile(env, text(flags.config), (warning) => warnings.push(warning));
  const setting = (name: SettingName): string | undefined =>
    text(flags[name]) ?? nonEmpty(env[SETTINGS[name].variable]) ?? file[name];

  const uriSetting = setting('uri');
  const kept = uriSetting === undefined ? await fallback() : undefined;
  const config = configOf(
    (name) => setting(name) ?? kept?.[name as keyof FallbackBroker],
    env.FAIRQ_PASSWORD,
  );
  if (text(flags.uri) !== undefined && parseUris(text(flags.uri)!).some(({ password }) => password !== '')) {
    warnings.push(
      'a password on the command line can be read by every user of this machine: use FAIRQ_URI or --password-file',
    );
  }
  if (text(flags.managementUri) !== undefined && config.address.managementLogin?.password) {
    warnings.push(
      'a password on the command line can be read by every user of this machine: give it in FAIRQ_MANAGEMENT_URI',
    );
  }
  return {
    ...config,
    addressConfigured: uriSetting !== undefined,
    warnings: [...warnings, ...config.warnings],
  };
}

/**
 * What settings mean. No file is read but those that they name.
 *
 * @param setting by its name; undefined: the default holds
 * @param password where the settings name no file with one
 */
export function configOf(setting: (name: SettingName) => string | undefined, password?: string): Config {
  const warnings: string[] = [];
  const uris = parseUris(setting('uri') ?? DEFAULT_URI);
  const [uri] = uris;
  const passwordFile = setting('passwordFile');
  const management = parseManagementUris(setting('managementUri'));
  const units = setting('units');
  const username = setting('username') ?? (decoded(uri.username, 'user') || 'guest');
  const secret =
    (passwordFile && readPassword(passwordFile)) ??
    nonEmpty(password) ??
    (decoded(uri.password, 'password') || 'guest');
  const address: BrokerAddress = {
    protocol: uri.protocol === 'amqps:' ? 'amqps' : 'amqp',
    hosts: uris.map(hostOf),
    vhost: setting('vhost') ?? vhostOf(uri),
    ...heartbeatOf(uri),
    username,
    password: secret,
    managementUris: management?.bases ?? usualManagementUris(uris),
    ...(management?.login && {
      managementLogin: {
        username: management.login.username || username,
        password: management.login.password || secret,
      },
    }),
    tls: tlsOptions(setting),
  };
  if (address.tls.insecure) {
    warnings.push('--insecure: the certificates of the broker are not checked');
  }
  return {
    address,
    addressConfigured: setting('uri') !== undefined,
    names: namesUnder(setting('prefix') ?? 'fairq'),
    reconnectForMs: reconnectFor(setting('reconnectFor')),
    units: units === undefined ? undefined : unitsOf(units, '--units'),
    warnings,
  };
}

/**
 * One URI, or several with commas between: the nodes of one cluster. They differ in host and port alone,
 * so the first says everything else.
 */
function parseUris(value: string): [URL, ...URL[]] {
  // A comma may also be part of a password.
  const [first, ...rest] = value.split(/,\s*(?=amqps?:)/i).map(parseUri);
  if (first === undefined) throw new Error('a text splits into one part at least');
  const what = ({ protocol, username, password, pathname, search }: URL) =>
    [protocol, username, password, pathname, search].join(' ');
  const other = rest.find((uri) => what(uri) !== what(first));
  if (other !== undefined) {
    throw usageError(
      'URIS_DIFFER',
      `the addresses of ${first.host} and ${other.host} differ in more than the host`,
      {
        hint: 'Several addresses are the nodes of one cluster: give all of them the same protocol, user, password, vhost and heartbeat.',
      },
    );
  }
  return [first, ...rest];
}

function hostOf(uri: URL): Host {
  return {
    hostname: uri.hostname.replace(/^\[|\]$/g, ''),
    port: uri.port === '' ? (uri.protocol === 'amqps:' ? 5671 : 5672) : Number(uri.port),
  };
}

function parseUri(value: string): URL {
  checkUserInfo(value);
  let uri: URL;
  try {
    uri = new URL(value);
  } catch (error) {
    throw usageError('BAD_URI', 'the address of the broker is not a URI', {
      hint: 'Write it as amqp://user:password@host:5672/vhost, with special characters percent-encoded.',
      cause: error,
    });
  }
  if (uri.protocol !== 'amqp:' && uri.protocol !== 'amqps:') {
    throw usageError('BAD_URI', `the address of the broker starts with "${uri.protocol}//"`, {
      hint: 'It has to start with amqp:// or amqps://; the address of the management API goes to --management-uri.',
    });
  }
  return uri;
}

/** As the AMQP URI specification has it: no path is "/", and a path is the vhost, percent-encoded. */
function vhostOf(uri: URL): string {
  return uri.pathname.length <= 1 ? '/' : decoded(uri.pathname.slice(1), 'vhost');
}

/** As the specification's query parameters have it: `?heartbeat=5`, in seconds. The others are not for us. */
function heartbeatOf(uri: URL): { heartbeatSeconds?: number } {
  const given = uri.searchParams.get('heartbeat');
  if (given === null) return {};
  const seconds = Number(given);
  if (!/^\d+$/.test(given) || seconds < 1 || seconds > LONGEST_HEARTBEAT_SECONDS) {
    throw usageError('BAD_HEARTBEAT', `the heartbeat in the address of the broker is "${given}"`, {
      hint: `Write it as ?heartbeat=20, whole seconds from 1 to ${LONGEST_HEARTBEAT_SECONDS}: without one a dead connection is never noticed.`,
    });
  }
  return { heartbeatSeconds: seconds };
}

function usualManagementUris(uris: readonly URL[]): string[] {
  return uris.map((uri) =>
    uri.protocol === 'amqps:' ? `https://${uri.hostname}:15671` : `http://${uri.hostname}:15672`,
  );
}

function tlsOptions(setting: (name: SettingName) => string | undefined): TlsOptions {
  const read = (name: SettingName, what: string) => {
    const path = setting(name);
    return path === undefined ? undefined : { path, text: readText(path, what) };
  };
  const ca = read('tlsCaFile', 'the CA file');
  const cert = read('tlsCertFile', 'the certificate file');
  const key = read('tlsKeyFile', 'the key file');
  checkTlsFiles(ca, cert, key);
  const insecure = ['true', '1', 'yes'].includes(setting('insecure') ?? '');
  return {
    ...(ca && { ca: Buffer.from(ca.text) }),
    ...(cert && { cert: Buffer.from(cert.text) }),
    ...(key && { key: Buffer.from(key.text) }),
    files: { ...(ca && { ca: ca.path }), ...(cert && { cert: cert.path }), ...(key && { key: key.path }) },
    insecure,
  };
}

/**
 * @param flag for the message
 * @throws FairqError (usage)
 */
export function unitsOf(given: string, flag: string): Units {
  const units = unitsIn(given);
  if (units !== undefined) return units;
  throw usageError('BAD_UNITS', `${flag}: "${given}" is neither "user" nor "shared:N"`, {
    hint: `Write shared:64, or another number from 1 to ${MOST_SPREAD_QUEUES.toLocaleString('en-US')}.`,
  });
}

function reconnectFor(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  return given === 'forever' ? Number.POSITIVE_INFINITY : parseTimer(given, '--reconnect-for', 0);
}

async function readConfigFile(
  env: Env,
  named: string | undefined,
  onUnread: (warning: string) => void,
): Promise<Partial<Record<SettingName, string>>> {
  const explicit = named ?? nonEmpty(env.FAIRQ_CONFIG);
  const path =
    explicit ??
    join(
      nonEmpty(env.XDG_CONFIG_HOME) ?? join(nonEmpty(env.HOME) ?? homedir(), '.config'),
      'fairq',
      'config.toml',
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (explicit === undefined) {
      if (!isMissing(error))
        onUnread(`the configuration file ${path} is not used, for it cannot be read: ${messageOf(error)}`);
      return {};
    }
    throw usageError(
      'CONFIG_NOT_READ',
      `the configuration file ${path} cannot be read: ${messageOf(error)}`,
      {
        hint: 'Correct --config or FAIRQ_CONFIG.',
        cause: error,
      },
    );
  }
  const { parseConfigFile } = await import('./config-file.js');
  return parseConfigFile(bytes, path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
}

/** Without the mark of the encoding and one line break at the end, which editors write; a space may be meant. */
function readPassword(file: string): string {
  return readText(file, 'the password file')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
}

function readText(file: string, what: string): string {
  try {
    return decodeUtf8(readFileSync(file));
  } catch (error) {
    throw usageError('FILE_NOT_READ', `${what} ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Check its path and its permissions.',
      cause: error,
    });
  }
}

function text(value: unknown): string | undefined {
  if (value === true) return 'true';
  return typeof value === 'string' ? value : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
