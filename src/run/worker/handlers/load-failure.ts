import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

/** A file and a line, as Node writes them in a stack or above one. */
const PLACE = /(?<![\w:/])(file:\/\/\/[^\s():]+|\/[^\s():]+):(\d+)/g;
/** Modules that a module names by their path. */
const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;
/** So many files are looked through. */
const MOST_FILES = 50;
const CHECK_WITHIN_MS = 10_000;
/** The frames of fairq itself say nothing of a module that it loads. */
const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * Where a module does not load: "/srv/tasks.mjs:3". The stack says so of what was thrown while it ran. Of a syntax
 * error in an ES module it does not: there Node itself is asked, of the file and of those that it imports.
 */
export async function placeOf(error: unknown, file: string): Promise<string | undefined> {
  const stack = error instanceof Error ? String(error.stack) : '';
  for (const [, where = '', line] of stack.matchAll(PLACE)) {
    const path = pathOf(where);
    if (dirname(path) !== OWN_FOLDER) return `${path}:${line}`;
  }
  return error instanceof SyntaxError ? syntaxErrorIn(file) : undefined;
}

async function syntaxErrorIn(file: string): Promise<string | undefined> {
  const files = new Set([file]);
  for (const path of files) {
    const said = await check(path);
    const place = [...said.matchAll(PLACE)].find(([, where = '']) => pathOf(where) === path);
    if (place !== undefined) return `${path}:${place[2]}`;
    const source = await readFile(path, 'utf8').catch(() => ''); // a folder, or a name without its ending
    for (const [, name = ''] of source.matchAll(IMPORTED)) {
      if (files.size < MOST_FILES) files.add(resolve(dirname(path), name));
    }
  }
  return undefined;
}

/** What Node says of the syntax of a file, without running it. */
function check(path: string): Promise<string> {
  return new Promise((done) => {
    execFile(execPath, ['--check', path], { timeout: CHECK_WITHIN_MS }, (_, _stdout, stderr) => done(stderr));
  });
}

function pathOf(where: string): string {
  return where.startsWith('file:') ? fileURLToPath(where) : where;
}
