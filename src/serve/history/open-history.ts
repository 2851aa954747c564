import { openConnection } from '../../broker/connection/connection.js';
import type { DoorDeps } from '../door-contract.js';
import type { StreamTail } from '../tasks/stream-tail.js';
import { History } from './history.js';

/** Is told what the tail hears from now on. */
export function openHistory({ address, names, clock, onWarning }: DoorDeps, tail: StreamTail): History {
  const history = new History({
    clock,
    eventStream: names.eventStream,
    connect: () => openConnection(address, 'fairq serve, reading the last hour'),
    toldSinceMs: clock.epochMicros() / 1_000,
    toldFrom: (tail.offset ?? -1) + 1,
    onWarning,
  });
  tail.listen(history);
  return history;
}
