import { describe, expect, it } from 'vitest';
import { KeyLedger } from '../../../../src/core/keys/key-ledger.js';
import { type KeyClaim, readKeyNote } from '../../../../src/core/keys/key-note.js';

const KEY = 'AAAAAAAAAAAAAAAAAAAAAA';
const DIGEST = 'AAAAAAAAAAA';

function claim(by: string, at = 1_000, after?: string): KeyClaim {
  return {
    kind: 'claim',
    key: KEY,
    digest: DIGEST,
    by,
    at,
    ttl: 60_000,
    ...(after !== undefined && { after }),
  };
}

function ledgerOf(...notes: Parameters<KeyLedger['take']>[0][]): KeyLedger {
  const ledger = new KeyLedger();
  for (const note of notes) ledger.take(note);
  return ledger;
}

describe('the ledger of keys', () => {
  it('counts the first claim in the order of the stream', () => {
    const ledger = ledgerOf(claim('a'), claim('b', 900));
    expect(ledger.stateOf(KEY, 2_000)).toMatchObject({ kind: 'open', claim: { by: 'a' } });
  });

  it('lets a claim be taken over once, and keeps the time from which the id is made', () => {
    const ledger = ledgerOf(claim('a'), claim('b', 5_000, 'a'), claim('c', 5_001, 'a'));
    expect(ledger.stateOf(KEY, 6_000)).toMatchObject({ kind: 'open', claim: { by: 'b', at: 1_000 } });
  });

  it('knows what was sent until its time is over, by the clock of whoever claims', () => {
    const { after: _, ...rest } = claim('a');
    const ledger = ledgerOf(claim('a'), { ...rest, kind: 'sent' });
    expect(ledger.stateOf(KEY, 60_999)).toEqual({ kind: 'sent', digest: DIGEST, at: 1_000 });
    ledger.take(claim('b', 60_999));
    expect(ledger.stateOf(KEY, 60_999).kind).toBe('sent');
    ledger.take(claim('b', 61_000));
    expect(ledger.stateOf(KEY, 61_000)).toMatchObject({ kind: 'open', claim: { by: 'b' } });
  });

  it('begins anew where nothing was sent, by the word of the one that has claimed it alone', () => {
    const ledger = ledgerOf(claim('a'), { kind: 'free', key: KEY, by: 'b' });
    expect(ledger.stateOf(KEY, 2_000).kind).toBe('open');
    ledger.take({ kind: 'free', key: KEY, by: 'a' });
    expect(ledger.stateOf(KEY, 2_000).kind).toBe('new');
  });

  it('forgets what counts no more, an open claim of a server that has gone, too', () => {
    const { after: _, ...rest } = claim('a');
    const ledger = ledgerOf({ ...rest, kind: 'sent' }, { ...claim('a'), key: 'BBBBBBBBBBBBBBBBBBBBBB' });
    expect(ledger.size).toBe(2);
    ledger.expire(61_000);
    expect(ledger.size).toBe(0);
  });
});

describe('a line that somebody else has written', () => {
  it.each([
    '',
    'null',
    '{}',
    JSON.stringify({ ...claim('a'), key: 'x' }),
    JSON.stringify({ ...claim('a'), at: 'now' }),
    JSON.stringify({ ...claim('a'), kind: 'else' }),
    JSON.stringify({ ...claim('a'), digest: '"' }),
  ])('is no note: %s', (line) => {
    expect(readKeyNote(line)).toBeUndefined();
  });

  it('is one where it has what a note has', () => {
    expect(readKeyNote(JSON.stringify(claim('a', 1, 'b')))).toEqual(claim('a', 1, 'b'));
  });
});
