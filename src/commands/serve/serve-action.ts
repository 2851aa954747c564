import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { idGenerator, newRunId } from '../../process/identity.js';
import { VERSION } from '../../process/version.js';
import { fixedQueueOf } from '../../run/publish/fixed-queue-of.js';
import type { ActionDone } from '../../serve/actions/acting.js';
import { isLoopback } from '../../serve/auth/addresses.js';
import { Door } from '../../serve/door.js';
import type { DoorOptions } from '../../serve/door-contract.js';
import { checkedQueuePrefix, queueUnder } from '../flags/queue-prefix.js';
import { tenantsFrom } from '../flags/tenant-flags.js';
import { weightsFrom } from '../flags/weight-flags.js';
import { observationsOf } from '../queues/observations.js';
import type { CommandResult, Context } from '../shared/context.js';
import { ownName } from '../shared/own-name.js';
import { FOREVER, reconnecting } from '../shared/reconnecting.js';
import { authenticatorFrom } from './auth-from.js';
import { runPages } from './run-pages.js';
import type { ServeFlags } from './serve-command.js';

/** The stream of keys keeps two days. */
const MOST_KEY_TTL_MS = 24 * 3_600_000;

/** `fairq serve`, from its flags to its end. An orderly stop is no failure. */
export async function serve(flags: ServeFlags, context: Context): Promise<CommandResult> {
  const { interrupts, clock } = context;
  let door: Door | undefined;
  let end = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    end = resolve;
  });
  interrupts.on({
    stop: () => end(),
    waitsFor: () => `the broker has not confirmed ${door?.unconfirmed ?? 0} tasks`,
    state: () => `the broker has not confirmed ${door?.unconfirmed ?? 0} tasks, which may have been sent`,
  });
  if (flags.keyTtl > MOST_KEY_TTL_MS) {
    throw usageError('KEY_TTL', '--key-ttl is at most 24h: what servers write of keys is kept for two days', {
      hint: 'Give a shorter time.',
    });
  }
  const tls = await tlsOf(flags);
  const weights = await weightsFrom(flags);
  const tenants = await tenantsFrom(flags);
  const config = await context.config();
  const onLoopback = isLoopback(flags.host);
  const authenticator = await authenticatorFrom(flags, {
    names: config.names,
    clock,
    host: flags.host,
    warn: (text) => context.warn(text),
  });
  const run = flags.run ?? newRunId(context);
  const opening = Door.open(
    {
      address: config.address,
      names: config.names,
      clock,
      newId: idGenerator(context),
      connecting: reconnecting(context, config, {
        resumption: 'requests are answered again',
        usually: FOREVER,
      }),
      authenticator,
      version: VERSION,
      weightOf: (user) => weights.find(user).weight,
      tenants: tenants && {
        tenantOf: (user) => tenants.rule.tenantOf(user),
        weightOf: (tenant) => tenants.weights.find(tenant).weight,
      },
      observations: await observationsOf(context),
      onWarning: (text) => context.warn(text),
      onAction: (done) => sayAction(done, context),
      onUnexpected: (error) =>
        context.warn(
          `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
        ),
    },
    {
      server: {
        host: flags.host,
        port: flags.port,
        ...(tls !== undefined && { tls }),
        mostConnections: flags.maxConnections,
        headersWithinMs: flags.bodyTimeout,
        mostBytes: flags.maxBody,
      },
      foreign: {
        onLoopback,
        hosts: new Set((flags.allowHost ?? []).map((host) => host.toLowerCase())),
        origins: new Set((flags.allowOrigin ?? []).map(originOf)),
      },
      body: { mostBytes: flags.maxBody, withinMs: flags.bodyTimeout },
      run,
      ...celeryOf(flags, config.names, context),
      queueKind: { type: flags.queueType, ordered: flags.ordered === true },
      confirmWithinMs: flags.confirmTimeout,
      queues: new Set(
        (flags.allowQueue ?? []).map((queue) => fixedQueueOf(config.names, queue, '--allow-queue')),
      ),
      keys: { ttlMs: flags.keyTtl, mostKeys: flags.maxKeys },
      mostStreams: flags.maxStreams,
      mostBacklog: flags.maxBacklog,
      page: flags.page ? { suggested: ownName(context), runs: runPages(context) } : undefined,
    },
  );
  opening.catch(() => {}); // it may fail when it is told to stop before it has opened
  door = await Promise.race([opening, stopped.then(() => undefined)]);
  if (door !== undefined) {
    const url = `${tls === undefined ? 'http' : 'https'}://${shownHost(flags.host)}:${door.port}`;
    context.say(`answers on ${url}; its tasks are of run ${run}`, { url, run });
    await Promise.race([stopped, door.failed]);
    context.say('ends: no new requests; waiting for the broker to confirm what was sent');
    await door.close();
  }
  await authenticator.close?.();
  return { document: { schemaVersion: 1, kind: 'serve', run }, text: () => '' };
}

function celeryOf(
  { celery, queuePrefix, ordered, queueType }: ServeFlags,
  names: Names,
  { io }: Context,
): Pick<DoorOptions, 'celery'> {
  if (celery !== true) {
    if (queuePrefix === undefined) return {};
    throw usageError('WITHOUT_CELERY', '--queue-prefix goes with --celery alone', {
      hint: "Say --celery, too, where a Celery application's workers run the tasks.",
    });
  }
  if (queuePrefix === undefined) {
    throw usageError('CELERY_WHERE', "--celery: in which queues do the users' tasks wait?", {
      hint: 'Say what their names begin with, such as --queue-prefix usersequence_.',
    });
  }
  if (ordered === true || queueType !== 'classic') {
    const clash = ordered === true ? '--ordered' : '--queue-type';
    throw usageError('CELERY_WITH', `--celery does not go with ${clash}`, {
      hint: 'The queues are made as Celery makes them.',
    });
  }
  const prefix = checkedQueuePrefix(queuePrefix, names);
  return {
    celery: { prefix, queueOf: (user) => queueUnder(prefix, user), origin: `${io.pid}@${io.hostname}` },
  };
}

/** Names are texts from outside: they are quoted, and what a terminal would obey is shown. */
function sayAction({ action, by, user, outcome }: ActionDone, context: Context): void {
  const what = user === undefined ? action : `${action} of user ${JSON.stringify(user)}`;
  const figures = Object.entries(outcome).map(([name, value]) => `${name} ${value}`);
  context.say(`${what} by ${JSON.stringify(by)}: ${figures.join(', ')}`, { action, by, user, ...outcome });
}

async function tlsOf({ tlsCert, tlsKey }: ServeFlags): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw usageError('TLS_FILES', '--tls-cert and --tls-key belong together', {
      hint: 'Give both, or neither.',
    });
  }
  const read = async (flag: string, file: string) => {
    try {
      return await readFile(file);
    } catch (error) {
      throw usageError('TLS_FILES', `${flag}: ${messageOf(error)}`, {
        hint: 'Give a PEM file that this user may read.',
        cause: error,
      });
    }
  };
  const tls = { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw usageError('TLS_FILES', `--tls-cert ${tlsCert}, --tls-key ${tlsKey}: ${messageOf(error)}`, {
      hint: 'Give the certificate and its own private key, each as PEM. Are the two files swapped?',
      cause: error,
    });
  }
  return tls;
}

/** As browsers write it. */
function originOf(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (origin === 'null') {
    throw usageError('BAD_ORIGIN', `--allow-origin ${JSON.stringify(text)} is no origin`, {
      hint: 'Write it as https://app.example or http://localhost:3000.',
    });
  }
  return origin;
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
