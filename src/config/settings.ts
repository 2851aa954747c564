export interface Setting {
  /** As commander wants it. */
  readonly flag: string;
  readonly variable: string;
  /** Its name in the TOML file. */
  readonly key: string;
  readonly help: string;
  /** May be given several times; the values are joined with commas. */
  readonly repeats?: true;
}

/** What can be said by flag, by environment variable and in the configuration file. */
export const SETTINGS = {
  uri: {
    flag: '--uri <amqp-uri>',
    variable: 'FAIRQ_URI',
    key: 'uri',
    help: 'the broker, such as amqp://user:password@host:5672/vhost; several for a cluster; with ?heartbeat=5 a dead connection is noticed sooner',
    repeats: true,
  },
  managementUri: {
    flag: '--management-uri <uri>',
    variable: 'FAIRQ_MANAGEMENT_URI',
    key: 'management-uri',
    help: "the broker's management API, such as http://host:15672, with user:password@ where another user logs in there; several for a cluster",
    repeats: true,
  },
  vhost: { flag: '-V, --vhost <name>', variable: 'FAIRQ_VHOST', key: 'vhost', help: 'virtual host' },
  username: { flag: '--username <name>', variable: 'FAIRQ_USERNAME', key: 'username', help: 'who logs in' },
  passwordFile: {
    flag: '--password-file <file>',
    variable: 'FAIRQ_PASSWORD_FILE',
    key: 'password-file',
    help: 'file that holds the password (or FAIRQ_PASSWORD)',
  },
  tlsCaFile: {
    flag: '--tls-ca-file <file>',
    variable: 'FAIRQ_TLS_CA_FILE',
    key: 'tls-ca-file',
    help: 'CA to trust',
  },
  tlsCertFile: {
    flag: '--tls-cert-file <file>',
    variable: 'FAIRQ_TLS_CERT_FILE',
    key: 'tls-cert-file',
    help: 'client certificate',
  },
  tlsKeyFile: {
    flag: '--tls-key-file <file>',
    variable: 'FAIRQ_TLS_KEY_FILE',
    key: 'tls-key-file',
    help: 'its key',
  },
  insecure: {
    flag: '--insecure',
    variable: 'FAIRQ_INSECURE',
    key: 'insecure',
    help: "do not check the broker's certificate",
  },
  reconnectFor: {
    flag: '--reconnect-for <time>',
    variable: 'FAIRQ_RECONNECT_FOR',
    key: 'reconnect-for',
    help: 'how long a lost connection is tried again, such as 30s, or "forever" (default: worker forever, others 5m)',
  },
  prefix: {
    flag: '--prefix <name>',
    variable: 'FAIRQ_PREFIX',
    key: 'prefix',
    help: 'what every name on the broker starts with (default: fairq)',
  },
  units: {
    flag: '--units <what>',
    variable: 'FAIRQ_UNITS',
    key: 'units',
    help: 'what has a queue: user, or shared:N, where light users share N queues (default: what is set up)',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
