import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
/** Made by a script, in the words of the help. */
const MADE = /^docs\/reference\//;
/** History: its old entries are not written anew. */
const HISTORY = 'CHANGELOG.md';

/** The pages of the checkout, by their paths from there. */
export function allPages(): string[] {
  const docs = readdirSync(join(checkout, 'docs'), { recursive: true, encoding: 'utf8' });
  return [...readdirSync(checkout), ...docs.map((path) => `docs/${path}`)]
    .filter((path) => path.endsWith('.md'))
    .sort();
}

/** Those that somebody writes and keeps true. */
export function writtenPages(): string[] {
  return allPages().filter((path) => !MADE.test(path) && path !== HISTORY);
}

export function readPage(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}

/** The lines of the blocks of code. */
export function codeLinesOf(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)].flatMap(([, code = '']) =>
    code.split('\n'),
  );
}

/** What stands between backticks within a line. */
export function codeSpansOf(markdown: string): string[] {
  return Array.from(withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);
}

/** Sentences of paragraphs and items of lists; headings, tables and blocks of code have none. */
export function sentencesOf(markdown: string): string[] {
  const lines = withoutBlocks(markdown)
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .split('\n')
    .map((line) => (/^\s*(#|\|)/.test(line) ? '' : line.replace(/^\s*(?:[-*]|\d\.)\s+/, '\n')));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => plain(paragraph).split(/(?<=[.!?][)"”*]*)\s+/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** A link is its text, a piece of code is one word, and what is emphasised is itself. */
function plain(paragraph: string): string {
  return paragraph
    .replaceAll(/`[^`]*`/g, 'CODE')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\*\*/g, '')
    .replaceAll(/\s+/g, ' ');
}

export function wordsIn(sentence: string): number {
  return sentence.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Links of a file that lead to no file, or to no heading of it. Those into the web are not looked at. */
export function deadLinks(file: string): string[] {
  return linksIn(readFileSync(file, 'utf8'))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? file : join(dirname(file), path);
      return !existsSync(to) || (anchor !== undefined && !anchorsOf(to).includes(anchor));
    })
    .map((target) => `${file}: ${target}`);
}

function linksIn(markdown: string): string[] {
  const text = withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** As GitHub and npm make them of headings. */
function anchorsOf(file: string): string[] {
  const headings = withoutBlocks(readFileSync(file, 'utf8')).matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
}
