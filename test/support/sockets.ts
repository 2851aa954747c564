import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether a process has a connection to one of these ports. */
export function isConnectedTo(pid: number, ports: readonly number[]): boolean {
  const own = new Set(linksOf(pid));
  return ['tcp', 'tcp6'].some((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, , remote = '', , , , , , , inode]) => {
        const port = Number.parseInt(remote.slice(remote.lastIndexOf(':') + 1), 16);
        return ports.includes(port) && own.has(`socket:[${inode}]`);
      }),
  );
}

function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)];
      } catch {
        return []; // it was closed meanwhile
      }
    });
  } catch {
    return []; // the process has gone
  }
}
