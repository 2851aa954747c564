import type { Duplex } from 'node:stream';

/**
 * Sends what is written within one turn of the event loop in one piece. amqplib writes every frame by
 * itself: a system call here, and a packet that wakes the broker, for each message and each
 * acknowledgement. With small ones that is a tenth of the speed of publishing and of working.
 */
export function coalesceWrites(socket: Duplex): void {
  const write = socket.write;
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  socket.write = function (this: Duplex, ...args: unknown[]): boolean {
    if (!corked) {
      corked = true;
      socket.cork();
      queueMicrotask(uncork);
    }
    return Reflect.apply(write, socket, args);
  };
}
