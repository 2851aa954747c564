// Handlers that do everything that a handler must not do. bad-tasks.long.test.ts gives them to a worker.
const never = new Promise(() => {});

export function fine() {}

export async function parses(payload) {
  return payload.page;
}

export async function throwsText() {
  throw 'only a text';
}

export async function throwsNull() {
  throw null;
}

export function rejectsWithNothing() {
  return Promise.reject(undefined);
}

export function throwsWhatCannotBeShown() {
  throw {
    toString() {
      throw new Error('not even that');
    },
  };
}

export async function throwsAtLength() {
  throw new Error('long '.repeat(50_000));
}

export function hasABrokenThen() {
  return {
    // biome-ignore lint/suspicious/noThenProperty: that is the point of it
    get then() {
      throw new Error('no then');
    },
  };
}

export async function exits() {
  process.exit(3);
}

export async function exitsLater() {
  setTimeout(() => process.exit(3), 1);
  await never;
}

export async function straysInATimer() {
  setTimeout(() => {
    throw new Error('strayed in a timer');
  }, 1);
  await never;
}

export async function straysInAPromise() {
  Promise.reject(new Error('nobody waits for it'));
  await never;
}

export async function straysAfterItsEnd() {
  setTimeout(() => {
    throw new Error('too late');
  }, 1);
}

/** Long for a machine, short for a test: deliveries and confirms wait meanwhile. */
export function blocks() {
  const end = performance.now() + 1_000;
  while (performance.now() < end);
  throw new Error('has blocked');
}

export async function writesMuch() {
  for (let i = 0; i < 100; i++) process.stdout.write('x'.repeat(10_000));
  throw new Error('has written');
}
