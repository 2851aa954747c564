// Where what is fetched once stays for the next time, outside of the checkout.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export function cacheFolder(what) {
  const { XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(cache, 'fairq', what);
}

/** What is made aside before it is moved into its place, by this process. */
export function draftOf(parent, name) {
  return join(parent, `.${name}.${process.pid}`);
}

/** Drafts of processes that were killed. */
export function removeAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const pid = /^\.\w+\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(parent, name), { recursive: true });
  }
}
