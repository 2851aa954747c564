import { describe, expect, it } from 'vitest';
import { CrashLedger, deathsOf } from '../../../../src/core/crashes/crash-ledger.js';
import {
  decodeNote,
  encodeNote,
  keyOfTask,
  type WorkerNote,
} from '../../../../src/core/crashes/worker-notes.js';

const POISON = keyOfTask('fairq.user.P', 'poison', 1);
const BESIDE = keyOfTask('fairq.user.B', 'beside', 1);
const AT = 1_790_000_000_000_000;

function ledgerOf(...notes: WorkerNote[]): CrashLedger {
  const ledger = new CrashLedger();
  for (const note of notes) ledger.take(decodeNote(encodeNote(note))!);
  return ledger;
}

const began = (worker: string): WorkerNote => ({ kind: 'began', worker });
const starts = (worker: string, ...tasks: string[]): WorkerNote => ({ kind: 'starts', worker, tasks });
const died = (...workers: string[]): WorkerNote => ({ kind: 'died', workers, at: AT });

describe('the ledger of crashes', () => {
  it('counts a start that was noted by a worker that died, and no other', () => {
    const ledger = ledgerOf(
      ...[began('w1'), died('w1'), began('w2'), starts('w2', POISON, BESIDE)],
      ...[{ kind: 'ends', worker: 'w2', tasks: [BESIDE] } as const, died('w2')],
    );
    expect(ledger.of(POISON)).toEqual({ crashes: 1, at: [], lastAt: AT });
    expect(ledger.of(BESIDE)).toEqual({ crashes: 0, at: [], lastAt: undefined });
    expect(ledger.otherDeaths(POISON, AT - 1)).toBe(1);
    expect(ledger.otherDeaths(POISON, AT + 1)).toBe(0);
  });

  it('counts nothing of a worker that ended, has connected again, or may live', () => {
    expect(ledgerOf(starts('w', POISON), { kind: 'ended', worker: 'w' }, died('w')).of(POISON).crashes).toBe(
      0,
    );
    expect(ledgerOf(starts('w', POISON), began('w'), died('w')).of(POISON).crashes).toBe(0);
    expect(ledgerOf(starts('w', POISON), died('w'), began('w')).of(POISON).crashes).toBe(0);
    const lives = ledgerOf(starts('w', POISON), died('w'), { kind: 'lives', worker: 'w' });
    expect(lives.of(POISON)).toEqual({ crashes: 0, at: ['w'], lastAt: undefined });
    lives.take(died('w'));
    expect(lives.of(POISON).crashes).toBe(1);
  });

  it('clears whoever ran beside the task that is given up', () => {
    const ledger = ledgerOf(began('w'), starts('w', POISON, BESIDE), died('w'));
    expect(ledger.of(BESIDE).crashes).toBe(1);
    ledger.take({ kind: 'guilty', worker: 'v', tasks: [POISON] });
    expect(ledger.of(BESIDE)).toEqual({ crashes: 0, at: [], lastAt: undefined });
    expect(ledger.otherDeaths(BESIDE, 0)).toBe(0);
  });

  it('knows for how long a worker has been silent, until it speaks or somebody hears it', () => {
    const silent = (ms: number): WorkerNote => ({ kind: 'silent', worker: 'v', silences: [['w', ms]] });
    const notes = [began('w'), starts('w', POISON), silent(4_000), silent(3_500)];
    expect(ledgerOf(...notes).silentMs('w')).toBe(4_000);
    for (const word of [
      { kind: 'lives', worker: 'w' } as const,
      { kind: 'ends', worker: 'w', tasks: [POISON] } as const,
      began('w'),
    ]) {
      expect(ledgerOf(...notes, word).silentMs('w')).toBe(0);
    }
    expect(ledgerOf(silent(4_000)).silentMs('w')).toBe(0);
  });

  it('gives a task up after as many deaths as it may have, of which the first was not noted', () => {
    expect(deathsOf(1, 1, 3)).toBeUndefined();
    expect(deathsOf(2, 1, 3)).toBe(3);
    expect(deathsOf(2, 0, 3)).toBeUndefined();
    expect(deathsOf(3, 0, 3)).toBe(3);
  });

  it('wants more of what was noted where somebody else kills workers', () => {
    expect(deathsOf(3, 4, 3)).toBeUndefined();
    expect(deathsOf(5, 100, 3)).toBeUndefined();
    expect(deathsOf(9, 100, 3)).toBe(9);
  });

  it('takes nothing that no fairq has written', () => {
    for (const body of ['', 'null', '[]', '{"v":1}', '{"v":2,"kind":"began","worker":"w"}']) {
      expect(decodeNote(body)).toBeUndefined();
    }
    for (const wrong of [
      { worker: 1 },
      { tasks: 'x' },
      { tasks: [1] },
      { kind: 'died', workers: ['w'], at: -1 },
      { kind: 'silent', silences: [['w']] },
      { kind: 'silent', silences: [['w', -1]] },
      { kind: 'silent', silences: { w: 1 } },
    ]) {
      expect(
        decodeNote(JSON.stringify({ v: 1, kind: 'starts', worker: 'w', tasks: [], ...wrong })),
      ).toBeUndefined();
    }
  });
});
