// Handlers that write down when a task begins and ends, one line each: what, process, user, time, id.
import { appendFileSync } from 'node:fs';

const { NOTES } = process.env;

function note(what, { user, id }) {
  appendFileSync(
    NOTES,
    `${what} ${process.pid} ${user} ${performance.timeOrigin + performance.now()} ${id}\n`,
  );
}

/** Takes so long, or ends when it is told to. */
export async function work({ ms }, context) {
  note('b', context);
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      context.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(context.signal.reason);
      });
    });
  } finally {
    note('e', context);
  }
}

/** The same, whatever it is told. */
export async function deaf({ ms }, context) {
  note('b', context);
  await new Promise((resolve) => setTimeout(resolve, ms));
  note('e', context);
}
