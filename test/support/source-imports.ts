import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
/** `import … from './x.js'`, `export … from './x.js'`, `import './x.js'` and `import('./x.js')`. */
const IMPORT = /\b(?:import|export)\s*(?:(\()|(type\s)?[^'"();]*?)\s*'(\.[^']+)\.js'/g;

/** That one file of `src` imports another. Both are named from `src` on, without their endings. */
export interface SourceImport {
  readonly from: string;
  readonly to: string;
  /** The import is made while the program runs, by `import()`. */
  readonly isDynamic: boolean;
  /** Nothing of it is left when the program runs. */
  readonly isOfTypes: boolean;
}

/** All imports between files of `src`, those of types among them. */
export function sourceImports(): SourceImport[] {
  return sourceFiles().flatMap((from) => {
    const text = sourceText(from);
    return [...text.matchAll(IMPORT)].map(([, call, type, specifier]) => ({
      from,
      to: posix.join(posix.dirname(from), specifier!),
      isDynamic: call !== undefined,
      isOfTypes: type !== undefined,
    }));
  });
}

export function sourceFiles(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  return files.flatMap((file) => (/\.tsx?$/.test(file) ? [file.replace(/\.tsx?$/, '')] : []));
}

/** What a program has loaded that starts with this file, before anything is imported by `import()`. */
export function loadedWith(entry: string, imports: readonly SourceImport[]): Set<string> {
  const loaded = new Set([entry]);
  for (const file of loaded) {
    for (const { from, to, isDynamic, isOfTypes } of imports) {
      if (from === file && !isDynamic && !isOfTypes) loaded.add(to);
    }
  }
  return loaded;
}

/** One way round for each group of nodes that lead to each other, as `a → b → a`; empty where there is none. */
export function circlesAmong(arrows: readonly (readonly [from: string, to: string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of arrows) {
    if (from === to) continue;
    const targets = next.get(from) ?? new Set();
    next.set(from, targets.add(to));
  }
  const circles: string[] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at >= 0) circles.push([...path.slice(at), node].join(' → '));
    if (at >= 0 || finished.has(node)) return;
    path.push(node);
    for (const target of next.get(node) ?? []) visit(target);
    path.pop();
    finished.add(node);
  };
  for (const node of next.keys()) visit(node);
  return circles;
}

/** A file of `src`, named as `sourceFiles` names it. */
export function sourceText(file: string): string {
  const path = posix.join(SRC, file);
  return readFileSync(existsSync(`${path}.ts`) ? `${path}.ts` : `${path}.tsx`, 'utf8');
}
