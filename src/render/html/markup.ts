import { safeText } from '../parts/safe-text.js';

/** Text that is markup already: made by `html`, and by nothing else. */
export class Markup {
  constructor(readonly source: string) {}

  toString(): string {
    return this.source;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/**
 * Markup with values in it. Whatever is not markup itself is escaped, so that the name of a user is a name and
 * nothing else, between tags and inside of quoted attributes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, next, i) => text + sourceOf(values[i - 1]) + next));
}

function sourceOf(value: Part): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.source;
  if (Array.isArray(value)) return value.map(sourceOf).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls and marks that turn the line around are shown as what they are. */
export function escapeHtml(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A document inside of a `script` element: nothing in it can end the element, or begin a comment. */
export function jsonMarkup(value: unknown): Markup {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new Markup(text);
}

/** Markup that is written here, word by word. */
export function trusted(source: string): Markup {
  return new Markup(source);
}
