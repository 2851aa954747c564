import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KEY_BYTES, KeyTable } from '../../../../src/core/keys/key-table.js';

const digest = new Uint8Array(8);

/** Many of them fall into the same bucket. */
function keyOf(number: number): Uint8Array {
  const key = createHash('sha256').update(String(number)).digest().subarray(0, KEY_BYTES);
  key.fill(0, 0, 4);
  key[0] = number % 7;
  return key;
}

it('a table of keys finds what a map would, whatever is added, replaced and forgotten', () => {
  const step = fc.record({ key: fc.nat(300), later: fc.nat(40), add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3_000 }), (steps) => {
      const table = new KeyTable();
      const model = new Map<number, { at: number; until: number }>();
      let now = 0;
      for (const { key, later, add } of steps) {
        now += later;
        if (add) {
          // A replaced one keeps its place in the row, so it is never forgotten before its time.
          table.add(keyOf(key), { digest, at: now, until: now + 1_000 });
          model.set(key, { at: now, until: now + 1_000 });
        } else {
          table.expire(now);
        }
        const kept = model.get(key);
        if (kept !== undefined && kept.until > now) {
          expect(table.find(keyOf(key))).toMatchObject(kept);
        }
      }
      table.expire(now + 1_001);
      expect(table.size).toBe(0);
      for (const key of model.keys()) expect(table.find(keyOf(key))).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

it('a table of keys grows, and keeps the row of those that go first', () => {
  const table = new KeyTable();
  for (let key = 0; key < 5_000; key++) table.add(keyOf(key), { digest, at: key, until: key + 1 });
  table.expire(4_000);
  expect(table.size).toBe(1_000);
  expect(table.find(keyOf(3_999))).toBeUndefined();
  expect(table.find(keyOf(4_000))).toMatchObject({ at: 4_000 });
  for (let key = 5_000; key < 9_000; key++) table.add(keyOf(key), { digest, at: key, until: key + 1 });
  for (let key = 4_000; key < 9_000; key++) expect(table.find(keyOf(key))).toMatchObject({ at: key });
});
