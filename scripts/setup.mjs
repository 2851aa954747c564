// Makes this checkout ready to run: the npm packages, the build, RabbitMQ. What is there already is left
// alone, so it may run before everything. Uses nothing but Node itself, for it runs before there is more.
//
//   npm run setup
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './lib/build.mjs';
import { installPackages } from './lib/packages.mjs';
import { provideRabbitMq } from './lib/rabbitmq.mjs';
import { SetupError, say } from './lib/run.mjs';

const NODE_NEEDED = [20, 19];

/**
 * Resolves with what has to be added to the environment of fairq: nothing, unless its broker runs in
 * Docker. A failure that is the user's to put right is told on stderr and ends the process with code 1.
 */
export async function setUp({ brokerNeeded = true } = {}) {
  try {
    checkNode();
    await installPackages();
    await build();
    return { env: brokerNeeded ? await provideRabbitMq() : {} };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [needed, neededMinor] = NODE_NEEDED;
  if (major > needed || (major === needed && minor >= neededMinor)) return;
  throw new SetupError(
    `fairq needs Node.js ${NODE_NEEDED.join('.')} or newer, and this is ${process.versions.node}: see https://nodejs.org`,
  );
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { env } = await setUp();
  for (const [name, value] of Object.entries(env)) process.stdout.write(`export ${name}='${value}'\n`);
  say('ready');
}
