import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lineSlug, NOOP_LINE, openBatch, sendBatch } from '../../support/batches.js';
import { useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const serving = useServing(env, '--max-body', '1000');
const send = (user: string, body: string | ReadableStream<Uint8Array>) => sendBatch(serving, user, body);

describe('a large batch', () => {
  it('takes 100,000 lines with one that is bad', async () => {
    const count = 100_000;
    const bad = 67_890;
    let line = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        let text = '';
        for (let i = 0; i < 1_000 && line < count; i++) text += ++line === bad ? '{"task":}\n' : NOOP_LINE;
        controller.enqueue(Buffer.from(text));
        if (line === count) controller.close();
      },
    });
    const answers = await send('many', body);
    expect(answers.length).toBe(count);
    expect(answers.every((answer, index) => answer.line === index + 1)).toBe(true);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(count); // one of them is undefined
    expect(answers.filter(({ problem }) => problem !== undefined).map(lineSlug)).toEqual([[bad, 'bad-json']]);
    expect(await vhost.ready('fairq.user.many')).toBe(count - 1);
  });

  it('reads no more from whoever does not read the answers, and goes on when they are read', async () => {
    // What the kernel holds for both ways is some megabytes: with long lines and long answers these are fewer tasks.
    const user = 'slow'.repeat(45);
    const raw = await openBatch(serving.url, user);
    raw.socket.pause();
    const lines = 20;
    const piece = `{"task":"noop","payload":"${'x'.repeat(900)}"}\n`.repeat(lines);
    let sent = 0;
    // More than the kernel holds: a server that reads on takes all of it.
    const most = 200_000_000 / piece.length;
    const confirmed = async () => (await vhost.ready(`fairq.user.${user}`)) ?? 0;
    /** Whether the server has stopped to read: nothing more is confirmed, and nothing more is taken. */
    const isStuckNow = async () => {
      for (let before = -1, same = 0; raw.socket.writableNeedDrain; await delay(200)) {
        const now = await confirmed();
        same = now === before ? same + 1 : 0;
        if (same === 5) return raw.socket.writableNeedDrain;
        before = now;
      }
      return false;
    };
    let isStuck = false;
    while (!isStuck && sent < most) {
      raw.chunk(piece);
      sent++;
      if (raw.socket.writableNeedDrain) isStuck = await isStuckNow();
      else await turn();
    }
    expect(isStuck).toBe(true);
    expect(await confirmed()).toBeLessThan(sent * lines);
    raw.socket.resume();
    raw.write('0\r\n\r\n');
    await raw.saysAtLast('\r\n0\r\n\r\n');
    expect(raw.received).toContain(`"line":${sent * lines},`);
    expect(await confirmed()).toBe(sent * lines);
    raw.close();
  });
});
