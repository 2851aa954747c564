import { describe, expect, it } from 'vitest';
import { fairq, fairqJson } from '../support/fairq.js';
import { unsafeIn } from '../support/hostile-names.js';
import { expectLived, GOOD, usePoison } from '../support/poison.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const { publishGood, expectGoodDone, put, reasons } = usePoison(vhost);

describe('a message that somebody else has written', () => {
  let deep: unknown = 'end';
  for (let i = 0; i < 50; i++) deep = { deep };
  const HEADERS: Record<string, unknown> = {
    number: 7,
    boolean: true,
    table: deep,
    list: [1, [2, 'x']],
    long: 'x'.repeat(65_000),
    empty: '',
    binary: Buffer.from([0, 255, 0xc3, 0x28]),
    time: { '!': 'timestamp', value: 2n ** 64n - 1n },
    negative: '1 1 -1 1790000000000000 0 r negative',
    huge: `1 1 ${2 ** 53} 1790000000000000 0 r huge`,
    future: '1 1 1 9007199254740991 0 r future',
    foreign: '1 1 1 1790000000000000 0 r somebody-else',
    binaryUser: '1 1 1 1790000000000000 0 %00 %FF',
  };

  it('is run or becomes a dead letter with its reason, whatever is in its headers', async () => {
    await publishGood('headers', 'noop');
    for (const [name, value] of Object.entries(HEADERS)) {
      await put(name, 'x', { type: 'noop', headers: { 'x-fairq': value } });
      await put(name, 'x', { type: 'unheard-of', headers: { 'x-fairq': value } });
    }
    await put('bare', '', {});
    await put('bare', '', { type: 'noop' });
    await put('json', '', { type: 'sleep' });
    await put('json', 'no JSON', { type: 'cpu', contentType: 'application/json' });
    const names = Object.keys(HEADERS);
    const document = expectLived(await fairq(env, '--json', 'worker', '--exit-when', 'empty'));
    expect(document).toMatchObject({ completed: 2 * GOOD + names.length + 1, failed: names.length + 3 });
    const found = await reasons();
    for (const name of names)
      expect(found.get(name), name).toContain('no handler for tasks named "unheard-of"');
    expect(found.get('bare')).toContain('no handler for tasks named ""');
    expect(found.get('json')).toMatch(/payload \(\d bytes\) is not the JSON/);
    await expectGoodDone('headers');
  });

  it('shows in the report with the attempt and the times that make sense', async () => {
    const report = await fairqJson<{ users: { user: string; tasks: number }[] }>(env, 'report', '--run', 'r');
    expect(report.users.map(({ user }) => user)).toEqual(
      expect.arrayContaining(['negative', 'huge', 'future', 'somebody-else']),
    );
    const shown = await fairq(env, 'report', '--run', 'r');
    expect(shown.code).toBe(0);
    expect(unsafeIn(shown.stdout)).toBeUndefined();
  });
});
