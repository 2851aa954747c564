// Holds grants as a worker does, and writes down when a task begins and ends. Started by `fork`.
// argv: uri, queue, log, cap, slots, fills ('fills' or '').
import { appendFileSync } from 'node:fs';
import { openConnection } from '../../dist/broker/connection/connection.js';
import { fillGrants } from '../../dist/broker/policy/grant-census.js';
import { GrantChannels } from '../../dist/broker/policy/grant-channels.js';
import { GrantQueue } from '../../dist/broker/policy/grant-queue.js';
import { GrantTalk } from '../../dist/broker/policy/grant-talk.js';
import { namesFor } from '../../dist/core/queues/names.js';

const [, , address, prefix, queueName, log, firstCap, slots, fills] = process.argv;
let cap = Number(firstCap);
const me = String(process.pid);
const connection = await openConnection(JSON.parse(address), `holder ${me}`, { reconnectForMs: 60_000 });
const names = namesFor(prefix);
const note = (what) => appendFileSync(log, `${what} ${me}\n`);
let running = 0;
let stopping = false;

const now = () => performance.now();
const listener = {
  onGrant: run,
  onLost: () => queue.ask(wanted()),
  onMissing: () => setTimeout(fill, 20),
  onRefused: (error) => {
    throw error;
  },
};
const queue = new GrantQueue(connection, queueName, now, listener, new GrantChannels(connection, 1, now));
const talk = await GrantTalk.open(
  connection,
  names,
  {
    id: me,
    name: me,
    rest: (name) => (name === queueName ? queue.rest() : undefined),
    numbers: (name) => (name === queueName ? queue.numbers() : undefined),
    goOn: () => queue.goOn(),
  },
  (error) => {
    throw error;
  },
);

function wanted() {
  return stopping ? 0 : Number(slots) - queue.held;
}

function run(grant) {
  if (grant.number > cap) {
    queue.discard(grant);
    queue.ask(wanted());
    return;
  }
  running++;
  note('b');
  setTimeout(
    () => {
      note('e');
      running--;
      const chance = Math.random();
      if (grant.number > cap) queue.discard(grant);
      else if (stopping || chance < 0.3) queue.giveBack(grant);
      else if (chance < 0.6) queue.rotate(grant);
      else {
        run(grant);
        return;
      }
      queue.ask(wanted());
    },
    2 + Math.random() * 18,
  );
}

/** As a worker does, it tries again where a count came to nothing, or was not sure. */
async function fill() {
  if (fills !== 'fills' || stopping) return;
  const filled = await fillGrants(connection, names, talk, {
    queue: queueName,
    count: cap,
    lostForMs: 1_000,
  }).catch((error) => ({ is: `failed: ${error}` })); // RabbitMQ 4.3 may end a connection whose queue goes
  process.send?.({ filled: filled.is });
  if (filled.is !== 'filled' || !filled.isSure) setTimeout(fill, 500);
  queue.ask(wanted());
}

process.on('message', async (message) => {
  if (message.cap !== undefined) {
    cap = message.cap;
    process.send({ cap });
  }
  if (message.fill) await fill();
  if (message.stop) {
    stopping = true;
    queue.withdraw();
    while (running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await queue.close();
    talk.close();
    await connection.close();
    process.send({ stopped: true }, () => process.exit(0));
  }
});

queue.ask(wanted());
process.send?.({ ready: true });
