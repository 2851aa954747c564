import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Both ends of a connection that goes through. */
interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
}

export type Direction = 'toBroker' | 'toClient';

/** What a network does to a connection: a TCP proxy on the loopback interface, for tests. */
export class NetworkProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #swallowed = new Set<Direction>();
  #swallowAfter:
    | { readonly bytes: string | Buffer; readonly seen: Direction; readonly lost: Direction }
    | undefined;
  #refuses = false;
  /** What goes to clients is kept here. */
  #held: { readonly to: Socket; readonly chunk: Buffer }[] | undefined;
  /** In the direction that is lost. */
  swallowedBytes = 0;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => {
      if (this.#refuses) {
        client.resetAndDestroy();
        return;
      }
      const pair: Pair = { client, broker: connect(target) };
      this.#pairs.add(pair);
      this.#forward(client, pair.broker, 'toBroker', pair);
      this.#forward(pair.broker, client, 'toClient', pair);
    });
  }

  static async to(host: string, port: number): Promise<NetworkProxy> {
    const proxy = new NetworkProxy({ host, port });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that go through now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const { client, broker } of this.#pairs) {
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Takes no connection until `accept`, and cuts those that there are. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  accept(): void {
    this.#refuses = false;
  }

  /** Keeps what the broker says, until `release`. */
  hold(): void {
    this.#held = [];
  }

  get heldBytes(): number {
    return (this.#held ?? []).reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  /** Lets each client have in one piece what was kept for it. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const to of new Set(held.map((one) => one.to))) {
      to.write(Buffer.concat(held.flatMap((one) => (one.to === to ? [one.chunk] : []))));
    }
  }

  /** Tells the broker this on every connection, as if its client did. */
  tellBroker(bytes: Buffer): void {
    for (const { broker } of this.#pairs) broker.write(bytes);
  }

  /** Half-open: what goes in these directions gets lost, and nobody is told, until `heal`. */
  swallow(...directions: Direction[]): void {
    for (const direction of directions) this.#swallowed.add(direction);
  }

  /** The same, from what follows the next bytes on that contain these. */
  swallowAfter(bytes: string | Buffer, seen: Direction, lost = seen): void {
    this.#swallowAfter = { bytes, seen, lost };
  }

  /** New connections work again. One that has lost bytes is of no use any more: it is cut. */
  heal(): void {
    this.#swallowed.clear();
    this.cut();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(from: Socket, to: Socket, direction: Direction, pair: Pair): void {
    from.on('data', (chunk) => {
      if (this.#swallowed.has(direction)) {
        this.swallowedBytes += chunk.length;
        return;
      }
      if (direction === 'toClient' && this.#held !== undefined) {
        this.#held.push({ to, chunk });
        return;
      }
      const { bytes, seen, lost } = this.#swallowAfter ?? {};
      if (direction === seen && lost !== undefined && chunk.includes(bytes!)) {
        this.#swallowAfter = undefined;
        this.swallow(lost);
      }
      if (to.writable && !to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => {
      if (!this.#swallowed.has(direction)) to.end();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#pairs.delete(pair);
      if (!this.#swallowed.has(direction)) to.destroy();
    });
  }
}
