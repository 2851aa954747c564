import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const TYPES = {
  'page.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export type PageFileName = keyof typeof TYPES;

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
  readonly packed: Buffer;
  /** A new build has another. */
  readonly etag: string;
}

export type PageFiles = Readonly<Record<PageFileName, PageFile>>;

/** The page as it was built, read once. */
export async function readPageFiles(): Promise<PageFiles> {
  const names = Object.keys(TYPES) as PageFileName[];
  return Object.fromEntries(await Promise.all(names.map(readPageFile))) as Record<PageFileName, PageFile>;
}

async function readPageFile(name: PageFileName): Promise<[PageFileName, PageFile]> {
  const content = await readFile(new URL(`../page/${name}`, import.meta.url));
  const packed = await promisify(gzip)(content);
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  return [name, { type: TYPES[name], content, packed, etag }];
}

export function isPageFile(name: string): name is PageFileName {
  return Object.hasOwn(TYPES, name);
}
