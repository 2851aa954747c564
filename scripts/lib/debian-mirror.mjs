// The Debian mirror that apt uses on this machine: where its packages come from, more may be had.
import { readdirSync, readFileSync } from 'node:fs';

const SOURCES = '/etc/apt/sources.list';

/** Its address, or null where apt has none that a whole Debian may be expected behind. */
export function debianMirror() {
  const uris = sourceFiles().flatMap((file) => urisIn(read(file)));
  return uris.flatMap(resolveList).find(isArchive) ?? null;
}

function sourceFiles() {
  try {
    const more = readdirSync(`${SOURCES}.d`).filter((name) => /\.(list|sources)$/.test(name));
    return [SOURCES, ...more.sort().map((name) => `${SOURCES}.d/${name}`)];
  } catch {
    return [SOURCES];
  }
}

/** Both of apt's formats: `deb [options] URI suite …` and the field `URIs: URI …`. */
function urisIn(text) {
  return text.split('\n').flatMap((line) => {
    const oneLine = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line);
    if (oneLine) return [oneLine[1]];
    return /^URIs:\s*(.*)$/i.exec(line)?.[1].split(/\s+/) ?? [];
  });
}

/** `mirror+file:/etc/apt/mirrors/debian.list` names a file with a mirror in each line. */
function resolveList(uri) {
  const list = /^mirror\+file:(.*)$/.exec(uri)?.[1];
  return list === undefined ? [uri] : read(list).split(/\s+/);
}

/** Other archives, Debian's own for security among them, have not every suite and package. */
function isArchive(uri) {
  return /^https?:\/\/.*\/debian\/?$/.test(uri);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
