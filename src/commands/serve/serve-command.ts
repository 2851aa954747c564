import { type Command, Option } from 'commander';
import type { QueueType } from '../../broker/queues/topology.js';
import { parseBytes, parseCount, parseTimer } from '../../core/values/quantities.js';
import { type TenantFlags, withTenantOptions } from '../flags/tenant-flags.js';
import { type WeightFlags, withWeightOptions } from '../flags/weight-flags.js';
import type { Run } from '../shared/context.js';
import { type AuthFlags, withAuthOptions } from './auth-flags.js';
import { registerToken } from './token-command.js';

export interface ServeFlags extends AuthFlags, WeightFlags, TenantFlags {
  port: number;
  host: string;
  tlsCert?: string;
  tlsKey?: string;
  run?: string;
  celery?: boolean;
  queuePrefix?: string;
  queueType: QueueType;
  ordered?: boolean;
  maxBody: number;
  bodyTimeout: number;
  confirmTimeout: number;
  keyTtl: number;
  maxKeys: number;
  maxConnections: number;
  maxStreams: number;
  maxBacklog?: number;
  allowQueue?: string[];
  allowHost?: string[];
  allowOrigin?: string[];
  page: boolean;
}

const collect = (value: string, sofar: string[] = []) => [...sofar, value];

export function registerServe(program: Command, run: Run): void {
  const serve = program
    .command('serve')
    .description('An HTTP API: send a task for the logged-in user, and tell what became of it.')
    .option(
      '--port <n>',
      'listen there; 0: any that is free',
      (text) => parseCount(text, '--port', 0, 65_535),
      8080,
    )
    .option('--host <address>', 'listen on this address', '127.0.0.1')
    .option('--tls-cert <file>', 'answer HTTPS with this certificate, and the chain behind it; PEM')
    .option('--tls-key <file>', 'its private key; PEM')
    .option('--celery', "a Celery application's workers run the tasks; with --queue-prefix")
    .option(
      '--queue-prefix <text>',
      "with --celery: what stands before the user in the names of users' queues",
    )
    .option('--run <id>', 'the run that its tasks belong to (default: a new one)')
    .addOption(
      new Option('--queue-type <type>', 'of the user queues that this makes')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .option('--ordered', 'make user queues that one worker at a time consumes: for "worker --ordered"')
    .addOption(
      new Option('--max-body <bytes>', 'of a request; of a batch it counts for each line')
        .argParser((text) => parseBytes(text, '--max-body'))
        .default(1_048_576, '1m'),
    )
    .addOption(
      new Option('--body-timeout <time>', 'a body has come by then; of a batch, the next piece')
        .argParser((text) => parseTimer(text, '--body-timeout'))
        .default(10_000, '10s'),
    )
    .addOption(
      new Option(
        '--confirm-timeout <time>',
        'the broker has confirmed a task by then; otherwise the outcome is unknown',
      )
        .argParser((text) => parseTimer(text, '--confirm-timeout'))
        .default(10_000, '10s'),
    )
    .addOption(
      new Option(
        '--key-ttl <time>',
        'an Idempotency-Key counts for so long; the same for all servers; 24h at most',
      )
        .argParser((text) => parseTimer(text, '--key-ttl'))
        .default(3_600_000, '1h'),
    )
    .option(
      '--max-keys <n>',
      'requests with more keys than so are refused; each takes some 50 bytes',
      (text) => parseCount(text, '--max-keys'),
      1_000_000,
    )
    .option(
      '--max-connections <n>',
      'at a time; more are closed at once',
      (text) => parseCount(text, '--max-connections'),
      10_000,
    )
    .option(
      '--max-streams <n>',
      'event streams that are open at a time',
      (text) => parseCount(text, '--max-streams'),
      1_000,
    )
    .option(
      '--max-backlog <n>',
      "refuse a task while so many wait in its user's queue (default: any number may)",
      (text) => parseCount(text, '--max-backlog'),
    )
    .option(
      '--allow-queue <name>',
      'a queue that belongs to no user, to which everybody may send (may be repeated)',
      collect,
    )
    .option(
      '--allow-host <name>',
      'on a loopback address: another name by which it may be asked (may be repeated)',
      collect,
    )
    .option(
      '--allow-origin <origin>',
      'pages of this origin may ask, too, such as https://app.example (may be repeated)',
      collect,
    )
    .option('--no-page', 'without the page in a browser, and its sign-in');
  withAuthOptions(serve);
  registerToken(serve, run);
  withWeightOptions(serve);
  withTenantOptions(serve, 'tell how tenants fare, too, and whose each user is');
  serve
    .addHelpText(
      'after',
      `
Examples:
  fairq serve --auth none
  fairq serve --celery --queue-prefix usersequence_
  fairq serve --auth tokens --tokens-file tokens --host 0.0.0.0 --port 8080
  curl localhost:8080/v1/tasks -H 'X-Fairq-User: A' --json '{"task":"noop"}'`,
    )
    .action(run(async () => (await import('./serve-action.js')).serve));
}
