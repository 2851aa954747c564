// RabbitMQ of Debian trixie and sid beside the one that is installed, for tests on other versions. Prints
// the program of each for FAIRQ_RABBITMQ_SERVER. What is there already is used again: --renew makes it
// anew, for Debian sid moves on.
//
//   node scripts/brokers.mjs [--renew] [trixie sid]
//   FAIRQ_RABBITMQ_SERVER=$(node scripts/brokers.mjs sid) npm test
import { parseArgs } from 'node:util';
import { provideBroker } from './lib/brokers.mjs';
import { SetupError, say } from './lib/run.mjs';

const { values, positionals } = parseArgs({
  options: { renew: { type: 'boolean' } },
  allowPositionals: true,
});
for (const suite of positionals.length > 0 ? positionals : ['trixie', 'sid']) {
  try {
    const server = await provideBroker(suite, { renew: values.renew });
    if (server === null) say(`${suite} is what this machine runs: no FAIRQ_RABBITMQ_SERVER is needed`);
    else console.log(server);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${suite}: ${error.message}`);
    process.exitCode = 1;
  }
}
