import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BrokerAddress } from '../connection/address.js';
import { openConnection } from '../connection/connection.js';
import type { PlainLoop } from './plain-loops.js';
import type { PlainAnswer } from './plain-program.js';

const QUEUE = 'fairq.bench.plain';
/** An acknowledgement for each message, and one for so many: whichever is faster counts. */
const ACKNOWLEDGE_BY = [1, 50];

/** What the client can do here; messages a second. */
export interface PlainRates {
  /** Persistent, each confirmed. */
  readonly publishPerSecond: number;
  /** With acknowledgements. */
  readonly consumePerSecond: number;
}

/**
 * What plain amqplib does on this broker, which fairq is compared with: each loop is a fresh process, as fairq's
 * publisher and worker are. It makes a queue, and deletes it.
 *
 * @param messages that are sent and consumed
 * @param stop ends what runs
 */
export async function plainRates(
  address: BrokerAddress,
  messages: number,
  stop: AbortSignal,
): Promise<PlainRates> {
  const connection = await openConnection(address, 'fairq bench plain client');
  try {
    const channel = await connection.channel();
    const each = Math.ceil(messages / ACKNOWLEDGE_BY.length);
    const loop = { address, queue: QUEUE, messages: each };
    let publishSeconds = 0;
    let consumePerSecond = 0;
    for (const acknowledgeBy of ACKNOWLEDGE_BY) {
      await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'classic' } });
      publishSeconds += await inProcess({ ...loop, does: 'publish' }, stop);
      const consumeSeconds = await inProcess({ ...loop, does: { acknowledgeBy } }, stop);
      consumePerSecond = Math.max(consumePerSecond, each / consumeSeconds);
      await channel.deleteQueue(QUEUE);
    }
    return { publishPerSecond: (ACKNOWLEDGE_BY.length * each) / publishSeconds, consumePerSecond };
  } finally {
    await connection.close();
  }
}

/** @returns seconds */
async function inProcess(loop: PlainLoop, stop: AbortSignal): Promise<number> {
  const child = fork(fileURLToPath(new URL('./plain-program.js', import.meta.url)), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal: stop,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (answer: PlainAnswer) => {
      if ('seconds' in answer) resolve(answer.seconds);
      else reject(new Error(`plain amqplib: ${answer.failed}`));
    });
    child.once('exit', (code) => reject(new Error(`plain amqplib ended with exit code ${code}`)));
    // By a channel of our own: a command line can be read by everybody.
    child.send(loop);
  });
}
