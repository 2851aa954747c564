import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RunPages } from './run-page.js';

const BUILT = {
  'page.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

/** What pages of runs load. */
const OF_RUNS = {
  'report.js': 'text/javascript; charset=utf-8',
  'report.css': 'text/css; charset=utf-8',
} as const;

export type BuiltFiles = Readonly<Record<keyof typeof BUILT, PageFile>>;
export type PageFiles = BuiltFiles & Readonly<Record<keyof typeof OF_RUNS, PageFile>>;

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
  readonly packed: Buffer;
  /** A new build has another. */
  readonly etag: string;
}

/** The page as it was built, read once. */
export async function readPageFiles(): Promise<BuiltFiles> {
  const files = Object.entries(BUILT).map(async ([name, type]) => {
    const content = await readFile(new URL(`../page/${name}`, import.meta.url));
    return [name, await pageFile(type, content)] as const;
  });
  return Object.fromEntries(await Promise.all(files)) as BuiltFiles;
}

/** The same with what pages of runs load. */
export async function allPageFiles({
  script,
  style,
}: Pick<RunPages, 'script' | 'style'>): Promise<PageFiles> {
  const [built, js, css] = await Promise.all([
    readPageFiles(),
    pageFile(OF_RUNS['report.js'], Buffer.from(script)),
    pageFile(OF_RUNS['report.css'], Buffer.from(style)),
  ]);
  return { ...built, 'report.js': js, 'report.css': css };
}

async function pageFile(type: string, content: Buffer): Promise<PageFile> {
  const packed = await promisify(gzip)(content);
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  return { type, content, packed, etag };
}

export function isPageFile(name: string): name is keyof PageFiles {
  return Object.hasOwn(BUILT, name) || Object.hasOwn(OF_RUNS, name);
}
