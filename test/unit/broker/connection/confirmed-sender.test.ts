import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Confirmable, ConfirmedSender } from '../../../../src/broker/connection/confirmed-sender.js';
import { type TestConfirmChannel, testConnection } from '../../../support/confirm-channels.js';

let told: string[];
let channels: TestConfirmChannel[];
let sender: ConfirmedSender<Confirmable>;

const message = (id: string): Confirmable => ({ id, isSent: false, nacks: 0 });

function send(...ids: string[]): void {
  for (const id of ids) {
    const one = message(id);
    sender.add(one);
    sendOne(one);
  }
}

function sendOne(one: Confirmable): void {
  sender.send(one, '', 'queue', Buffer.from(''), { messageId: one.id });
}

/** The channel in use. */
const current = () => channels.at(-1)!;
const unconfirmed = () => [...sender.unconfirmed].map(({ id }) => id);

/** Everything that is under way comes to its end, in so many milliseconds of the clock's time. */
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

beforeEach(async () => {
  vi.useFakeTimers();
  told = [];
  const test = testConnection();
  channels = test.channels;
  sender = new ConfirmedSender(test.connection, {
    prepare: async (isFirst) => void told.push(isFirst ? 'prepared' : 'prepared again'),
    onOpen: () => told.push('open'),
    onDrain: () => told.push('drained'),
    sendAgain: (one, wasSent) => {
      told.push(`again ${one.id}, ${wasSent ? 'was sent' : 'was not sent'}`);
      sendOne(one);
    },
    onConfirmed: ({ id }) => told.push(`confirmed ${id}`),
    onReturned: ({ id }) => told.push(`returned ${id}`),
    onNacked: ({ id, nacks }) => told.push(`nacked ${id}, ${nacks}`),
    onFailure: ({ message: text }) => told.push(text),
  });
  await sender.open();
  told.length = 0;
});

afterEach(() => {
  sender.close();
  vi.useRealTimers();
});

describe('a message', () => {
  it('is unconfirmed until the broker has it', () => {
    send('a', 'b');
    expect(unconfirmed()).toEqual(['a', 'b']);
    current().confirm();
    expect(told).toEqual(['confirmed a']);
    expect(unconfirmed()).toEqual(['b']);
  });

  it('that comes back is told so, and not confirmed', () => {
    send('a', 'b');
    current().return();
    current().confirm();
    expect(told).toEqual(['returned a', 'confirmed b']);
    expect(unconfirmed()).toEqual(['a']);
  });

  it('that came back once is confirmed when it is sent again and arrives', () => {
    send('a');
    current().return();
    sendOne([...sender.unconfirmed][0]!);
    current().confirm();
    expect(told).toEqual(['returned a', 'confirmed a']);
  });

  it('that the broker does not take counts how often', () => {
    send('a');
    current().nack();
    sendOne([...sender.unconfirmed][0]!);
    current().nack();
    expect(told).toEqual(['nacked a, 1', 'nacked a, 2']);
  });

  it('that is dropped has no end here, whatever the broker says', () => {
    send('a', 'b', 'c');
    for (const one of [...sender.unconfirmed]) sender.drop(one);
    current().confirm();
    current().nack();
    current().return();
    expect(told).toEqual([]);
  });
});

describe('a channel that is lost', () => {
  it('has what it did not confirm sent again on the next, in its order', async () => {
    send('a', 'b', 'c');
    current().confirm();
    told.length = 0;
    current().lose();
    sender.add(message('d'));
    await pass();
    expect(told).toEqual([
      ...['prepared again', 'open', 'again b, was sent', 'again c, was sent'],
      'again d, was not sent',
    ]);
    expect(current().ids).toEqual(['b', 'c', 'd']);
    expect([sender.sentAgain, sender.generation]).toEqual([2, 1]);
  });

  it('does not leave what came back on it to be taken for returned on the next', async () => {
    send('a');
    current().emit('return', { properties: { messageId: 'a' } });
    current().lose();
    await pass();
    told.length = 0;
    current().confirm();
    expect(told).toEqual(['confirmed a']);
  });

  it('is told with what the broker said, when the broker closes one after the other', async () => {
    for (let i = 0; i < 4; i++) {
      current().lose('no');
      await pass();
    }
    expect(told.at(-1)).toBe('the broker closed a channel again and again: no');
  });

  it('takes no message until the next is there', async () => {
    current().lose();
    send('a');
    expect(sender.isOpen).toBe(false);
    expect([...sender.unconfirmed][0]?.isSent).toBe(false);
    await pass();
    expect(current().ids).toEqual(['a']);
  });
});

describe('a channel that is of no use', () => {
  it('is given up in a while, for all that is unconfirmed', async () => {
    send('a', 'b');
    current().nack();
    sender.renewSoon();
    await pass(1_000);
    expect(channels).toHaveLength(2);
    expect(current().ids).toEqual(['a', 'b']);
    expect(sender.sentAgain).toBe(1);
  });

  it('is given up when all on it is answered, where nothing is to be sent twice', async () => {
    send('a', 'b');
    current().nack();
    sender.renewWhenAnswered();
    sender.renewWhenAnswered();
    expect(sender.isOpen).toBe(false);
    await pass(5_000);
    expect(channels).toHaveLength(1);
    current().confirm();
    await pass(5_000);
    expect(channels).toHaveLength(2);
    expect([sender.isOpen, sender.sentAgain]).toEqual([true, 0]);
  });

  it('is not renewed while it is away', async () => {
    current().lose();
    sender.renewSoon();
    await pass(5_000);
    expect(channels).toHaveLength(2);
  });

  it('is given up when the oldest message gets no answer for long', async () => {
    send('a', 'b');
    await pass(60_000);
    expect(channels.length).toBeGreaterThan(1);
  });

  it('is kept while nothing on it waits for an answer', async () => {
    send('a');
    current().nack();
    await pass(60_000);
    expect(channels).toHaveLength(1);
  });
});

it('says that the process holds back what is sent, until the channel takes more', () => {
  current().hasRoom = false;
  send('a');
  expect(sender.isDrained).toBe(false);
  current().hasRoom = true;
  send('b');
  expect(sender.isDrained).toBe(false);
  current().emit('drain');
  expect([sender.isDrained, told]).toEqual([true, ['drained']]);
});
