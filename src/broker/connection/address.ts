/** Where the broker is and how to be let in: complete, checked and read only (see config/config.ts). */
export interface BrokerAddress {
  readonly protocol: 'amqp' | 'amqps';
  /** One, or the nodes of a cluster: whichever answers is as good as the others. */
  readonly hosts: readonly Host[];
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  /** Bases of the management API, without a slash at the end; they are tried in this order. */
  readonly managementUris: readonly string[];
  /** Who logs in there, where that is somebody else. */
  readonly managementLogin?: Login;
  readonly tls: TlsOptions;
  /** A connection on which nothing came for twice as long is taken for dead. Seconds; `HEARTBEAT_SECONDS` if not given. */
  readonly heartbeatSeconds?: number;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export const HEARTBEAT_SECONDS = 20;

export interface Host {
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
}

export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Where these three were read, for a child that is to read them, too. */
  readonly files?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Take any certificate: no protection against a man in the middle. */
  readonly insecure: boolean;
}

/** For messages: never with the password. */
export function showAddress(address: BrokerAddress): string {
  const vhost = address.vhost === '/' ? '' : `/${encodeURIComponent(address.vhost)}`;
  const hosts = address.hosts.map(showHost).join(',');
  return `${address.protocol}://${address.username}@${hosts}${vhost}`;
}

/** With the password: for a child's environment, never for a command line or a message. */
export function uriOf(address: BrokerAddress): string {
  const { protocol, username, password, hosts, vhost, heartbeatSeconds } = address;
  const query = heartbeatSeconds === undefined ? '' : `?heartbeat=${heartbeatSeconds}`;
  const login = userInfoOf({ username, password });
  return hosts
    .map((host) => `${protocol}://${login}${showHost(host)}/${encodeURIComponent(vhost)}${query}`)
    .join(',');
}

/** As `uriOf`, of the management API: with the password that it has of its own. */
export function managementUriOf({ managementUris, managementLogin }: BrokerAddress): string {
  if (managementLogin === undefined) return managementUris.join(',');
  const login = userInfoOf(managementLogin);
  return managementUris.map((uri) => uri.replace('://', () => `://${login}`)).join(',');
}

function userInfoOf({ username, password }: Login): string {
  return `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
}

function showHost({ hostname, port }: Host): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}
