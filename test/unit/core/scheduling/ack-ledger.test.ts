import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckLedger } from '../../../../src/core/scheduling/ack-ledger.js';

/** What the broker makes of it: the tags that it still waits for. Refuses a tag that it does not know. */
class Broker {
  readonly waiting = new Set<number>();

  told({ upTo, singles }: { upTo: number; singles: readonly number[] }): void {
    if (upTo > 0) {
      expect(this.waiting.has(upTo)).toBe(true);
      for (const tag of this.waiting) if (tag <= upTo) this.waiting.delete(tag);
    }
    for (const tag of singles) {
      expect(this.waiting.has(tag)).toBe(true);
      this.waiting.delete(tag);
    }
  }
}

describe('the ledger of acknowledgements', () => {
  it('acknowledges a finished prefix with one frame', () => {
    const ledger = new AckLedger();
    for (let tag = 1; tag <= 100; tag++) ledger.delivered(tag);
    for (let tag = 100; tag >= 1; tag--) ledger.finished(tag);
    expect(ledger.drain()).toEqual({ upTo: 100, singles: [] });
    expect(ledger.outstanding).toBe(0);
  });

  it('acknowledges singly what is beyond an unfinished task', () => {
    const ledger = new AckLedger();
    for (let tag = 1; tag <= 4; tag++) ledger.delivered(tag);
    ledger.finished(1);
    ledger.finished(3);
    ledger.finished(4);
    expect(ledger.drain()).toEqual({ upTo: 1, singles: [3, 4] });
    ledger.finished(2);
    expect(ledger.drain()).toEqual({ upTo: 2, singles: [] });
  });

  it('acknowledges a prefix past what was given back and what was acknowledged singly', () => {
    const ledger = new AckLedger();
    for (let tag = 1; tag <= 5; tag++) ledger.delivered(tag);
    ledger.givenBack(1);
    ledger.finished(3);
    expect(ledger.drain()).toEqual({ upTo: 0, singles: [3] });
    ledger.finished(2);
    ledger.finished(4);
    expect(ledger.drain()).toEqual({ upTo: 4, singles: [] });
  });

  it('never names a tag twice, never one given back, and forgets none', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver'), pick: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish'), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('give back'), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain'), pick: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3_000, size: 'max' }), (steps) => {
        const ledger = new AckLedger();
        const broker = new Broker();
        const open: number[] = [];
        let next = 1;
        for (const { kind, pick } of steps) {
          if (kind === 'deliver') {
            ledger.delivered(next);
            broker.waiting.add(next);
            open.push(next++);
          } else if (kind === 'drain') {
            broker.told(ledger.drain());
            expect([...broker.waiting].sort((a, b) => a - b)).toEqual([...open].sort((a, b) => a - b));
          } else if (open.length > 0) {
            const [tag] = open.splice(pick % open.length, 1);
            if (kind === 'finish') ledger.finished(tag!);
            else {
              ledger.givenBack(tag!);
              broker.waiting.delete(tag!);
            }
          }
        }
        broker.told(ledger.drain());
        expect(broker.waiting.size).toBe(open.length);
        expect(ledger.outstanding).toBe(open.length);
      }),
      { numRuns: 200 },
    );
  });

  it('holds more deliveries than its first size', () => {
    const ledger = new AckLedger();
    for (let tag = 1; tag <= 5_000; tag++) ledger.delivered(tag);
    for (let tag = 2; tag <= 5_000; tag++) ledger.finished(tag);
    expect(ledger.drain().singles).toHaveLength(4_999);
    ledger.finished(1);
    expect(ledger.drain()).toEqual({ upTo: 1, singles: [] });
  });

  it('does not take a later delivery for one that it has told the broker of', () => {
    const ledger = new AckLedger();
    for (let tag = 1; tag <= 1_024; tag++) {
      ledger.delivered(tag);
      ledger.finished(tag);
    }
    expect(ledger.drain().upTo).toBe(1_024);
    for (let tag = 1_025; tag <= 1_030; tag++) ledger.delivered(tag);
    ledger.givenBack(1); // its place in the ring is that of 1,025 now
    ledger.finished(2);
    ledger.finished(1_027);
    expect(ledger.drain()).toEqual({ upTo: 0, singles: [1_027] });
  });
});
