// RabbitMQ: the first of Debian's packages, Homebrew and Docker that this machine can use.
import { setTimeout as pause } from 'node:timers/promises';
import { debianPrefix, installWithApt } from './apt.mjs';
import { ask, run, SetupError, say } from './run.mjs';

const CONTAINER = 'fairq-broker';
const IMAGE = 'rabbitmq:4-management';
const DOCKER_START_MS = 120_000;

/** Resolves with what fairq needs in its environment: nothing, unless the broker runs in Docker. */
export async function provideRabbitMq() {
  if (process.env.FAIRQ_URI || (await isInstalled())) return {};
  const ways = [
    { possible: () => debianPrefix() !== null, provide: installFromDebian },
    { possible: () => ask('brew', ['--version']) !== null, provide: installWithHomebrew },
    {
      possible: dockerAnswers,
      provide: runInDocker,
    },
  ];
  const failures = [];
  for (const { possible, provide } of ways) {
    if (!possible()) continue;
    try {
      const env = await provide();
      if (Object.keys(env).length > 0 || (await isInstalled())) return env;
      failures.push('It was installed, and still there is no rabbitmq-server to be found.');
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(error.message);
    }
  }
  throw new SetupError(
    [
      ...failures,
      'fairq needs RabbitMQ, and it could not be installed. Do one of these, then run this again:',
      '  Debian, Ubuntu:  sudo apt-get install rabbitmq-server',
      '  macOS:           brew install rabbitmq',
      '  elsewhere:       start Docker, or set FAIRQ_URI to a broker that is already running',
    ].join('\n'),
  );
}

/** As fairq itself looks for it; what is wrong with FAIRQ_RABBITMQ_SERVER is the user's to know. */
async function isInstalled() {
  const { findServer } = await import('../../dist/broker/node/find-server.js');
  try {
    findServer(process.env);
    return true;
  } catch (error) {
    if (error.code === 'NO_RABBITMQ') return false;
    throw new SetupError(error.hint ? `${error.message} ${error.hint}` : error.message);
  }
}

async function installFromDebian() {
  await installWithApt('rabbitmq-server');
  return {};
}

async function installWithHomebrew() {
  say('installing RabbitMQ (brew install rabbitmq)');
  await run('brew', ['install', 'rabbitmq']);
  return {};
}

/** The client alone, without an engine, is of no use. */
function dockerAnswers() {
  return ask('docker', ['version', '--format', '{{.Server.Version}}']) !== null;
}

/** One container for all runs, on free ports of the loopback interface; it is left running. */
async function runInDocker() {
  if (ask('docker', ['container', 'inspect', '--format', '{{.State.Running}}', CONTAINER]) === null) {
    say(
      `starting RabbitMQ in Docker (container ${CONTAINER}, ${IMAGE}); "docker rm -f ${CONTAINER}" removes it`,
    );
    const publish = ['--publish', '127.0.0.1::5672', '--publish', '127.0.0.1::15672'];
    await run('docker', ['run', '--detach', '--name', CONTAINER, ...publish, IMAGE]);
  } else {
    // Does nothing when it runs.
    await run('docker', ['start', CONTAINER]);
  }
  const [amqp, management] = [dockerAddress(5672), dockerAddress(15672)];
  await waitForManagement(`http://${management}`);
  return { FAIRQ_URI: `amqp://guest:guest@${amqp}/`, FAIRQ_MANAGEMENT_URI: `http://${management}` };
}

function dockerAddress(port) {
  const address = ask('docker', ['port', CONTAINER, `${port}/tcp`])?.split('\n')[0];
  if (address) return address;
  throw new SetupError(
    `The container ${CONTAINER} has no port for ${port}. "docker rm -f ${CONTAINER}" removes it; then run this again.`,
  );
}

/** Management is up last, so AMQP is up by then. */
async function waitForManagement(uri) {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const deadline = Date.now() + DOCKER_START_MS;
  for (;;) {
    const response = await fetch(`${uri}/api/overview`, { headers: { authorization } }).catch(() => null);
    if (response?.ok) return;
    if (Date.now() > deadline) {
      throw new SetupError(
        `RabbitMQ in Docker did not answer at ${uri} within ${DOCKER_START_MS / 1000} s: see "docker logs ${CONTAINER}".`,
      );
    }
    await pause(250);
  }
}
