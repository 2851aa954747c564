import { createServer, type Server } from 'node:net';
import { messageOf, usageError } from '../../core/errors/errors.js';

export const LOOPBACK = '127.0.0.1';

/** The four TCP ports of a node, all on the loopback interface. */
export interface NodePorts {
  readonly amqp: number;
  readonly management: number;
  /** Erlang distribution: how a second Erlang node or a command-line tool would reach this one. */
  readonly dist: number;
  /** The port mapper, which tells them where `dist` is. */
  readonly epmd: number;
}

const NAMES = ['amqp', 'management', 'dist', 'epmd'] as const;

/** What the caller of fairq asked for by number. */
export interface FixedPorts {
  readonly port?: number | undefined;
  readonly managementPort?: number | undefined;
}

/** Throws a usage error that names the port when one that was asked for cannot be had. */
export async function checkFixedPorts({ port, managementPort }: FixedPorts): Promise<void> {
  if (port !== undefined && port === managementPort) {
    throw usageError('SAME_PORT', `AMQP and management cannot both listen on port ${port}.`, {
      hint: 'Give them different ports, or leave one out and fairq takes a free one.',
    });
  }
  for (const wanted of [port, managementPort]) if (wanted !== undefined) await checkFixedPort(wanted);
}

async function checkFixedPort(port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw usageError('BAD_PORT', `${port} is not a port.`, { hint: 'A port is a number from 1 to 65535.' });
  }
  const error = await tryPort(port);
  if (error === null) return;
  if (codeOf(error) === 'EADDRINUSE') {
    throw usageError('PORT_TAKEN', `Port ${port} on ${LOOPBACK} is already in use.`, {
      hint: `Choose another port, or leave it out and fairq takes a free one. \`lsof -i :${port}\` shows who has it.`,
      cause: error,
    });
  }
  throw usageError('PORT_REFUSED', `Port ${port} on ${LOOPBACK} cannot be used: ${messageOf(error)}.`, {
    hint: 'Choose a port from 1024 up, or leave it out and fairq takes a free one.',
    cause: error,
  });
}

/**
 * The fixed ports, then those of `before` that are free, and free ones for the rest. Somebody else may
 * take one before the node listens on it: the caller tries again then.
 */
export async function choosePorts(fixed: FixedPorts, before?: NodePorts): Promise<NodePorts> {
  await checkFixedPorts(fixed);
  const chosen: Partial<Record<keyof NodePorts, number>> = {};
  if (fixed.port !== undefined) chosen.amqp = fixed.port;
  if (fixed.managementPort !== undefined) chosen.management = fixed.managementPort;
  for (const name of NAMES) {
    const port = before?.[name];
    if (port === undefined || chosen[name] !== undefined || Object.values(chosen).includes(port)) continue;
    if ((await tryPort(port)) === null) chosen[name] = port;
  }
  const spare = await freePorts(NAMES.length, Object.values(chosen));
  const portOf = (name: keyof NodePorts, index: number) => chosen[name] ?? spare[index] ?? 0;
  return {
    amqp: portOf('amqp', 0),
    management: portOf('management', 1),
    dist: portOf('dist', 2),
    epmd: portOf('epmd', 3),
  };
}

/** All are held open until the last is known, so that they differ. */
async function freePorts(count: number, except: readonly number[]): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const server = await listen(0);
      held.push(server);
      const address = server.address();
      if (address !== null && typeof address === 'object' && !except.includes(address.port))
        ports.push(address.port);
    }
  } finally {
    await Promise.all(held.map(close));
  }
  return ports;
}

async function tryPort(port: number): Promise<unknown> {
  try {
    await close(await listen(port));
    return null;
  } catch (error) {
    return error;
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
