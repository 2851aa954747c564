import { rm } from 'node:fs/promises';
import { FairqError, messageOf, unreachableError } from '../../core/errors/errors.js';
import { AT_ONCE, endProcesses } from './end-processes.js';
import type { NodeIdentity } from './environment.js';
import { bootFailed, explainFailedStart, lastWords } from './explain.js';
import { findServer, type ServerPrograms } from './find-server.js';
import { type Guard, startGuard } from './guard.js';
import { type Launched, launch } from './launch.js';
import { layoutOf, readText, writeLayout } from './layout.js';
import { choosePorts, type FixedPorts, LOOPBACK, type NodePorts } from './ports.js';
import { amqpAnswers, type Overview, readOverview } from './readiness.js';
import type { RunningNode } from './running-node.js';
import { until } from './until.js';

export interface NodePlan {
  readonly folder: string;
  readonly name: string;
  readonly mode: 'throw-away' | 'kept';
  /** No start on this data has succeeded yet: it is emptied before each try. */
  readonly fresh: boolean;
  /** How long it may take to stop when its start does not succeed; 0 kills it. */
  readonly graceMs: number;
  readonly fixedPorts: FixedPorts;
  /** The ports of its last run, to be taken again where they are free. */
  readonly portsBefore: NodePorts | undefined;
  readonly extraConfig: readonly string[];
  readonly plugins: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LiveNode {
  readonly facts: RunningNode;
  readonly ports: NodePorts;
  /** Resolves with the reason when the node ends by itself. */
  readonly ended: Promise<string>;
  /** Asks it to stop and gives it so long (0: kills it); resolves when no process of it is left. */
  end(graceMs: number): Promise<void>;
}

const TRIES = 3;
/** An empty node takes 3 s on two cores; one with a large backlog reads its indexes first. */
const START_TIMEOUT_MS = { fresh: 60_000, withData: 180_000 };

/**
 * Starts a node and waits until AMQP and management both answer. Between our choosing a free port and the
 * node's listening on it somebody else may take it: then it tries again with others. When it throws, no
 * process of the node is left, and the folder is.
 */
export async function startNode(plan: NodePlan, signal: AbortSignal): Promise<LiveNode> {
  const programs = findServer(plan.env);
  const guard = startGuard(plan.folder, plan.mode, programs.path);
  try {
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryToStart(plan, programs, guard, signal);
      if ('facts' in outcome) return outcome;
      if (signal.aborted)
        throw new FairqError('interrupted', 'NODE_STOPPED', 'The node was stopped while it started.');
      if (!outcome.portTaken) throw outcome.error;
      if (tries === TRIES)
        throw startFailed(
          `other programs took one of its ports, ${TRIES} times in a row.`,
          'Start it again.',
        );
    }
  } catch (error) {
    await guard.dismiss();
    throw error instanceof FairqError ? error : startFailed(`${messageOf(error)}.`);
  }
}

interface FailedStart {
  readonly error: FairqError;
  readonly portTaken: boolean;
}

async function tryToStart(
  plan: NodePlan,
  programs: ServerPrograms,
  guard: Guard,
  signal: AbortSignal,
): Promise<LiveNode | FailedStart> {
  const layout = layoutOf(plan.folder);
  const node = { name: plan.name, layout, ports: await choosePorts(plan.fixedPorts, plan.portsBefore) };
  if (plan.fresh) await rm(layout.data, { recursive: true, force: true });
  await writeLayout(layout, node.ports, plan.extraConfig, plan.plugins, programs.server);
  let launched: Launched | undefined;
  try {
    launched = await launch(programs, plan.env, node, guard);
    const timeoutMs = plan.fresh ? START_TIMEOUT_MS.fresh : START_TIMEOUT_MS.withData;
    const outcome = await readyOrNot(launched, node, timeoutMs, signal);
    if ('overview' in outcome) return live(launched, node, outcome.overview, guard);
    await launched.end(plan.graceMs);
    const { text, portTaken } = explainFailedStart(layout);
    const error = startFailed(text === '' ? `${outcome.how}.` : `${outcome.how}:\n${text}`);
    return { error, portTaken: portTaken || outcome.mapperEnded };
  } catch (error) {
    await (launched?.end(plan.graceMs) ?? endProcesses(plan.folder, [], AT_ONCE));
    throw error;
  }
}

type Outcome =
  | { readonly overview: Overview }
  /** The port mapper ends, and says nothing, when it finds another on its port. */
  | { readonly how: string; readonly mapperEnded: boolean };

async function readyOrNot(
  { ended, mapperEnded }: Launched,
  { layout, name, ports }: NodeIdentity,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const over = new AbortController();
  const failure = Promise.race([
    ended.then((how) => ({ how, mapperEnded: false })),
    mapperEnded.then((how) => ({ how, mapperEnded: true })),
  ]);
  void failure.then(() => over.abort());
  let printed = '';
  const outcome = await until(
    async (): Promise<Outcome | null> => {
      if (await amqpAnswers(ports.amqp)) {
        const overview = await readOverview(managementUri(ports));
        if (overview?.nodeName === name) return { overview };
      }
      // It has failed when it says so and has no more to say.
      const before = printed;
      printed = readText(layout.consoleLog);
      return bootFailed(printed) && printed === before
        ? { how: 'RabbitMQ gave up', mapperEnded: false }
        : null;
    },
    { timeoutMs, signal: AbortSignal.any([signal, over.signal]) },
  );
  if (outcome !== null) return outcome;
  if (over.signal.aborted) return failure;
  return { how: `RabbitMQ did not answer within ${timeoutMs / 1000} s`, mapperEnded: false };
}

function live(
  launched: Launched,
  { layout, ports }: NodeIdentity,
  { version }: Overview,
  guard: Guard,
): LiveNode {
  const uri = `amqp://guest:guest@${LOOPBACK}:${ports.amqp}/`;
  return {
    facts: { uri, managementUri: managementUri(ports), version, pid: launched.pid() },
    ports,
    ended: launched.ended.then((how) => (how.includes('exit code') ? `${how}:\n${lastWords(layout)}` : how)),
    end: async (graceMs) => {
      await launched.end(graceMs);
      await guard.dismiss();
    },
  };
}

function managementUri(ports: NodePorts): string {
  return `http://${LOOPBACK}:${ports.management}`;
}

const CORRECT_IT =
  'Put right what RabbitMQ says there, or set FAIRQ_URI to a broker that is already running.';

function startFailed(reason: string, hint = CORRECT_IT): FairqError {
  return unreachableError('NODE_START_FAILED', `The private RabbitMQ node did not start: ${reason}`, {
    hint,
  });
}
