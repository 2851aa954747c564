import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine reaches such an address. An IPv6 address may have the brackets of a URL. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return plain === 'localhost' || isWithin(LOOPBACK, plain);
}

/** Networks, such as 10.0.0.0/8, fd00::/8 or one address. */
export class Networks {
  readonly #list = new BlockList();
  /** Whether somebody has named all addresses. */
  readonly everybody: boolean;

  /** @param of each as `isNetwork` takes it */
  constructor(of: readonly string[]) {
    for (const text of of) {
      const [address, bits] = partsOf(text);
      this.#list.addSubnet(address, bits, familyOf(address));
    }
    this.everybody = of.some((text) => partsOf(text)[1] === 0);
  }

  /** An IPv4 address counts in its IPv6 form, too, as a socket for both has it. */
  has(address: string): boolean {
    return isWithin(this.#list, address);
  }
}

export function isNetwork(text: string): boolean {
  const [address, bits] = partsOf(text);
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && !address.includes('%') && bits >= 0 && bits <= most;
}

function partsOf(text: string): [address: string, bits: number] {
  const [address = '', bits, ...more] = text.split('/');
  const all = isIP(address) === 4 ? 32 : 128;
  if (bits === undefined) return [address, all];
  return [address, more.length === 0 && /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN];
}

function isWithin(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
