import type { Socket } from 'node:net';

/** Whoever still sends has so long to read its answer; milliseconds. */
const LINGERS_MS = 1_000;

/**
 * Ends a connection after an answer that came before the end of its request. To close it at once would reset it, and
 * whoever still sends would never read why. What comes until then is thrown away: it is no next request.
 */
export function linger(socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.destroyed) return;
    const discard = () => {};
    socket.on('data', discard); // takes the socket from the parser of HTTP
    socket.removeAllListeners('data');
    socket.on('data', discard);
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGERS_MS);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  };
}
