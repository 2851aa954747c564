import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

/** A connection on which a test writes HTTP by hand. */
export class RawHttp {
  received = '';
  hasEnded = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
    });
    socket.on('error', () => {}); // it is closed then, too
    socket.on('close', () => {
      this.hasEnded = true;
    });
  }

  static async to(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  /** Head lines, without the empty one at the end. */
  head(...lines: readonly string[]): this {
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    return this;
  }

  write(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }

  chunk(data: string): this {
    return this.write(`${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`);
  }

  /** Resolves when this was received. */
  async says(pattern: RegExp | string): Promise<string> {
    const isThere = () =>
      typeof pattern === 'string' ? this.received.includes(pattern) : pattern.test(this.received);
    await eventually(isThere, {
      timeoutMs: 60_000,
      what: () => `${pattern} in ${JSON.stringify(this.received.slice(-2_000))}`,
    });
    return this.received;
  }

  /** The same, of what was received last: quick where much was. */
  async saysAtLast(text: string): Promise<void> {
    await eventually(() => this.received.endsWith(text), {
      timeoutMs: 120_000,
      what: () => `${JSON.stringify(text)} at the end of ${JSON.stringify(this.received.slice(-2_000))}`,
    });
  }

  /** Resolves when the other end has closed the connection. */
  async ends(): Promise<string> {
    await eventually(() => this.hasEnded, {
      timeoutMs: 60_000,
      what: () => `the end of the connection, after ${JSON.stringify(this.received.slice(-2_000))}`,
    });
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}
