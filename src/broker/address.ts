/** Where the broker is and how to be let in: complete, checked and read only (see config.ts). */
export interface BrokerAddress {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostname: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  /** Base of the management API, without a slash at the end. */
  readonly managementUri: string;
  readonly tls: TlsOptions;
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
  return `${address.protocol}://${address.username}@${address.hostname}:${address.port}${vhost}`;
}

/** With the password: for a child's environment, never for a command line or a message. */
export function uriOf(address: BrokerAddress): string {
  const { protocol, username, password, hostname, port, vhost } = address;
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return `${protocol}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(vhost)}`;
}
