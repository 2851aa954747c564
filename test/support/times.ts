/** How often a part is in a text. */
export function times(text: string, part: string | RegExp): number {
  return text.split(part).length - 1;
}
