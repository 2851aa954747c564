// Debian's packages: how to become root for them, and how to install some.
import { readdirSync } from 'node:fs';
import { ask, run, say } from './run.mjs';

/** How to become root here, or null where there is no apt or no way to. */
export function debianPrefix() {
  if (ask('apt-get', ['--version']) === null) return null;
  if (process.getuid?.() === 0) return [];
  return ask('sudo', ['-n', 'true']) === null ? null : ['sudo', '-n'];
}

/** Throws a SetupError when it cannot be done. Call it only where `debianPrefix` is not null. */
export async function installWithApt(...packages) {
  say(`installing with apt-get: ${packages.join(' ')}`);
  const asRoot = debianPrefix();
  const apt = (...args) => {
    const [command, ...rest] = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      // Keeps RabbitMQ's package from starting a broker of the system's: fairq starts its own when it wants one.
      'RUNLEVEL=1',
      'apt-get',
      '-y',
      // Another installation may be under way.
      ...['-o', 'DPkg::Lock::Timeout=120'],
      ...args,
    ];
    return run(command, rest);
  };
  const install = () => apt('install', '--no-install-recommends', ...packages);
  if (hasPackageLists()) {
    try {
      await install();
      return;
    } catch {
      // Most often lists so old that they name versions the mirror no longer has.
    }
  }
  say('updating the package lists (apt-get update)');
  await apt('update');
  await install();
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
}
